import type { CallBody } from '../../src/calls/body.ts'
import type { OpportunityBody } from '../../src/opportunities/body.ts'
import type { ToldCall, ToldOpportunity } from './history.ts'
import { attemptsOf, colourOf, isActive, isEligible, isOpen, type Witness } from './witness.ts'

/** Whether every call says truly what became of it (B8), and is an attempt where it has to be (A13). */
export function violationsOfCalls(witness: Witness): string[] {
  return witness.calls.flatMap((call) => {
    const wrongs = [...wrongsOfAttempt(call, witness), ...wrongsOfOutcome(call, witness)]
    return wrongs.map((wrong) => `the call ${call.id} ${wrong}`)
  })
}

/** A call that is registered is one attempt, of its contact; any other is none. */
function wrongsOfAttempt(call: CallBody, { holdersOf }: Witness): string[] {
  const { outcome, opportunity_id, number, status } = call.attempt
  const holders = holdersOf(call.id)
  const [holder] = holders
  if (holders.length > 1) return [`is ${holders.length} attempts (A4)`]
  if (outcome !== 'registered') return holder === undefined ? [] : [`says ${outcome}, and is an attempt (B8)`]
  if (holder === undefined) return ['says registered, and is no attempt (B8, A13)']
  const wrongs: string[] = []
  if (holder.id !== opportunity_id) wrongs.push('names another opportunity than the one that counts it (B8)')
  if (holder.contact_id !== call.entity_id) wrongs.push("is an attempt of another contact's opportunity (B5)")
  if (!isEligible(call)) wrongs.push('is an attempt, and not eligible (A1, B5)')
  const attempt = holder.first_call_attempts[String(number)]
  if (attempt?.call_id !== call.id || attempt.status !== status) wrongs.push(`is not attempt ${number}, ${status} (B8)`)
  return wrongs
}

function wrongsOfOutcome(call: CallBody, witness: Witness): string[] {
  const { outcome, opportunity_id } = call.attempt
  if (outcome === 'pending') return ['is still pending (R4)']
  if (call.direction !== 'outbound')
    return outcome === 'not_outbound' ? [] : [`is not outbound, and says ${outcome} (B8)`]
  if (!isEligible(call)) return outcome === 'not_a_contact' ? [] : [`is linked to no contact, and says ${outcome} (B8)`]
  switch (outcome) {
    case 'registered':
      return []
    case 'not_outbound':
    case 'not_a_contact':
      return [`is eligible, and says ${outcome} (B8)`]
    case 'limit_reached':
    case 'first_call_completed':
      return wrongsOfTurningAway(call, witness.opportunitiesById.get(opportunity_id ?? ''), witness)
    case 'no_open_opportunity':
    case 'unknown_contact':
      return wrongsOfNoPlace(call, witness)
  }
}

/** B6, B8: the opportunity that turned it away could not have taken it, and still cannot. */
function wrongsOfTurningAway(call: CallBody, by: OpportunityBody | undefined, { toldOf }: Witness): string[] {
  const { outcome } = call.attempt
  if (by === undefined || by.contact_id !== call.entity_id)
    return [`was turned away by no opportunity of its contact (B8)`]
  const isFull = attemptsOf(by).length === 5
  if (isOpen(by) && !isFull) return ['is turned away by an opportunity that has room (B6, A13)']
  if (isOpen(by) && outcome !== 'limit_reached') return [`says ${outcome} of an opportunity that is open and full (B6)`]
  if (outcome === 'first_call_completed' && by.first_call_completed) return []
  const others = toldOf(by.contact_id)
  if (outcome === 'limit_reached')
    return others.length > 5 ? [] : ['says limit_reached of one that was never full (B8)']
  const wasGreen = others.some(({ writes }) => writes.some(({ leaves }) => colourOf(leaves.call_status) === 'green'))
  return wasGreen ? [] : ['says first_call_completed of one that never was (B8)']
}

/** A2, B16, B18: at its last decision there was no opportunity for it. */
function wrongsOfNoPlace(call: CallBody, { told, opportunitiesOf, contactIds }: Witness): string[] {
  const { outcome } = call.attempt
  const touchedAt = lastTouched(told.calls.get(call.extension ?? ''))
  const ofContact = opportunitiesOf(call.entity_id ?? '')
  const isKnown = ofContact.length > 0 || contactIds.has(call.entity_id ?? '')
  if (outcome === 'no_open_opportunity' && !isKnown)
    return ['says no_open_opportunity of a contact that nobody knows (B18)']
  const wrongs = ofContact.flatMap(({ id }) => {
    const opportunity = told.opportunities.get(id)
    if (opportunity === undefined) return []
    if (touchedAt > opportunity.thereSince && outcome === 'unknown_contact')
      return [`says unknown_contact beside ${id} (B18)`]
    return touchedAt > activeSince(opportunity) ? [`says ${outcome} beside ${id}, which was active (A2, A13)`] : []
  })
  return wrongs
}

/** When a person was last told that the call is as they said; before all times where nobody was. */
function lastTouched(call: ToldCall | undefined): number {
  return Math.max(
    -Infinity,
    ...(call?.writes ?? []).filter(({ isAcknowledged }) => isAcknowledged).map(({ from }) => from),
  )
}

/** Since when it has surely been active; after all times where that is not sure. */
function activeSince({ thereSince, writes }: ToldOpportunity): number {
  const closings = writes.filter(({ leaves }) => 'status' in leaves && !isActive(leaves.status))
  if (closings.length === 0) return thereSince
  const closedUntil = Math.max(...closings.map(({ until }) => until))
  const openings = writes.filter(
    (write) => write.isAcknowledged && write.from > closedUntil && isActive(write.leaves.status),
  )
  return Math.min(...openings.map(({ until }) => until), Infinity)
}
