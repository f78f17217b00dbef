import type { CallBody } from '../../src/calls/body.ts'
import type { OpportunityBody } from '../../src/opportunities/body.ts'
import type { Final } from './final.ts'
import { readHistory, type Told, type ToldCall } from './history.ts'
import type { Exchange } from './recorder.ts'

/** What is known of a run: what was told, and what is there in the end. */
export interface Witness extends Final {
  told: Told
  exchanges: readonly Exchange[]
  callsById: ReadonlyMap<string, CallBody>
  opportunitiesById: ReadonlyMap<string, OpportunityBody>
  opportunitiesOf(contactId: string): readonly OpportunityBody[]
  /** Calls that somebody ever linked to this contact. */
  toldOf(contactId: string): readonly ToldCall[]
  /** All opportunities that count this call, once for each time. */
  holdersOf(callId: string): readonly OpportunityBody[]
}

/** Brings together the history and the final answers. */
export function witnessOf(exchanges: readonly Exchange[], final: Final): Witness {
  const byContact = new Map<string, OpportunityBody[]>()
  const holders = new Map<string, OpportunityBody[]>()
  for (const opportunity of final.opportunities) {
    addTo(byContact, opportunity.contact_id, opportunity)
    for (const { call_id } of attemptsOf(opportunity)) addTo(holders, call_id, opportunity)
  }
  const told = readHistory(exchanges)
  const toldByContact = new Map<string, ToldCall[]>()
  for (const call of told.calls.values()) {
    const contactIds = new Set(call.writes.map(({ leaves }) => leaves.entity_id))
    for (const contactId of contactIds) if (typeof contactId === 'string') addTo(toldByContact, contactId, call)
  }
  return {
    ...final,
    exchanges,
    told,
    toldOf: (contactId) => toldByContact.get(contactId) ?? [],
    callsById: new Map(final.calls.map((call) => [call.id, call])),
    opportunitiesById: new Map(final.opportunities.map((opportunity) => [opportunity.id, opportunity])),
    opportunitiesOf: (contactId) => byContact.get(contactId) ?? [],
    holdersOf: (callId) => holders.get(callId) ?? [],
  }
}

function addTo<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

// ── The rules, said once more: nothing of the service is used ───────────────────────────────────────────────────────

/** A1 */
export const isEligible = (call: CallBody): boolean =>
  call.direction === 'outbound' && call.entity_type === 'contacts' && call.entity_id !== null

/** A3 */
export function colourOf(status: unknown): 'green' | 'red' | 'orange' {
  const word = String(status ?? '')
    .trim()
    .toLowerCase()
  if (word === 'completed' || word === 'answered') return 'green'
  return word === 'rejected' ? 'red' : 'orange'
}

/** A12 */
export function notesOf(call: Pick<CallBody, 'resumen_llamada' | 'call_result'>): string {
  return [call.resumen_llamada, call.call_result].find((text) => text !== null && text.trim() !== '') ?? ''
}

export const isActive = (status: unknown): boolean => ['pending', 'assigned', 'contacted'].includes(String(status))

export const isOpen = ({ status, first_call_completed }: OpportunityBody): boolean =>
  isActive(status) && !first_call_completed

export const attemptsOf = (opportunity: OpportunityBody) => Object.values(opportunity.first_call_attempts)
