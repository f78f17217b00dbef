import { Alert, Anchor, Skeleton, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { Problem } from '../api/client.ts'
import { Fault } from '../parts/fault.tsx'
import { useTitle } from '../parts/title.ts'
import type { Me } from '../session/me.ts'
import { useTexts } from '../texts/language.ts'
import { Lead } from './lead.tsx'
import { DOORS } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'
import { UndoProvider } from './undo.tsx'

const isGone = (error: unknown): error is Problem =>
  error instanceof Problem && [400, 404, 410, 422].includes(error.status)

/** Everything about one lead. */
export default function LeadPage({ id, me }: { id: string; me: Me }) {
  const opportunity = useQuery({ queryKey: ['opportunity', id], queryFn: () => DOORS.opportunity.read(id) })
  const contactId = opportunity.data?.contact_id
  const contact = useQuery({
    queryKey: ['contact', contactId],
    // B18: it need not be here.
    queryFn: async () => {
      try {
        return await DOORS.contact.read(contactId ?? '')
      } catch (error) {
        if (isGone(error)) return null
        throw error
      }
    },
    enabled: contactId !== undefined,
  })
  const t = useTexts(LEAD_TEXTS)
  useTitle(contact.data?.name ?? opportunity.data?.title ?? t.lead)
  if (isGone(opportunity.error)) return <NoLead status={opportunity.error.status} />
  if (opportunity.isError && opportunity.data === undefined) {
    return <Fault error={opportunity.error} onRetry={() => void opportunity.refetch()} />
  }
  if (contact.isError && contact.data === undefined) {
    return <Fault error={contact.error} onRetry={() => void contact.refetch()} />
  }
  if (opportunity.data === undefined || contact.data === undefined) return <Frame />
  return (
    <UndoProvider>
      <Lead opportunity={opportunity.data} contact={contact.data} me={me} />
    </UndoProvider>
  )
}

/** The page's own frame, as large as what comes. */
function Frame() {
  return (
    <Stack gap="md" maw={980} aria-busy="true" className="late">
      <Skeleton h={22} w={80} />
      <Skeleton h={36} w="60%" />
      <Skeleton h={34} w={210} />
      <Skeleton h={150} />
      <Skeleton h={260} />
    </Stack>
  )
}

function NoLead({ status }: { status: number }) {
  const t = useTexts(LEAD_TEXTS)
  return (
    <Alert color="gray" title={status === 410 ? t.erased : t.noLead} role="alert" maw={560}>
      <Stack gap="xs" align="start">
        {status !== 410 && <Text size="sm">{t.noLeadMore}</Text>}
        <Anchor component={Link} href="/leads" size="sm">
          {t.toLeads}
        </Anchor>
      </Stack>
    </Alert>
  )
}
