import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import { isGone, type Lead } from './queue.ts'

const at = (id: string) => ({ params: { path: { id } } })

const opportunityQuery = (id: string) =>
  queryOptions({
    queryKey: ['opportunity', id],
    queryFn: (): Promise<Lead['opportunity']> => answered(api.GET('/api/crm/opportunities/{id}', at(id))),
  })

const contactQuery = (id: string) =>
  queryOptions({
    queryKey: ['contact', id],
    // It may be kept elsewhere (B18).
    queryFn: async (): Promise<Lead['contact']> => {
      try {
        return await answered(api.GET('/api/crm/contacts/{id}', at(id)))
      } catch (error) {
        if (isGone(error)) return null
        throw error
      }
    },
  })

/** What came with a claim is what is known of the lead. */
export function knowLead(known: QueryClient, { opportunity, contact }: Lead): void {
  known.setQueryData(opportunityQuery(opportunity.id).queryKey, opportunity)
  known.setQueryData(contactQuery(opportunity.contact_id).queryKey, contact)
}

/** The lead as it is now, whoever changes it; and whether it is there no more. */
export function useKnownLead(lead: Lead): { lead: Lead; isLost: boolean } {
  const { id, contact_id } = lead.opportunity
  const opportunity = useQuery({ ...opportunityQuery(id), initialData: lead.opportunity })
  const contact = useQuery({ ...contactQuery(contact_id), initialData: lead.contact })
  return {
    lead: { ...lead, opportunity: opportunity.data, contact: contact.data },
    isLost: isGone(opportunity.error),
  }
}
