import type { OpportunityBody } from '../../src/opportunities/body.ts'
import { possibleValues, type ToldOpportunity, wasEver } from './history.ts'
import { attemptsOf, colourOf, notesOf, type Witness } from './witness.ts'

type Attempt = OpportunityBody['first_call_attempts'][string]

/** Whether every opportunity counts what it has to, in order, and what is derived from it follows. */
export function violationsOfOpportunities(witness: Witness): string[] {
  return witness.opportunities.flatMap((opportunity) => {
    const wrongs = [
      ...wrongsOfNumbers(opportunity),
      ...attemptsOf(opportunity).flatMap((attempt) => wrongsOfAttempt(attempt, opportunity, witness)),
      ...wrongsOfOrder(opportunity, witness),
      ...wrongsOfDerived(opportunity),
      ...wrongsOfStatus(opportunity, witness.told.opportunities.get(opportunity.id)),
      ...takenAfterGreen(opportunity, witness),
    ]
    return wrongs.map((wrong) => `the opportunity ${opportunity.id} ${wrong}`)
  })
}

/** A5, A6, A12 */
function wrongsOfNumbers({ first_call_attempts: attempts }: OpportunityBody): string[] {
  const numbers = Object.keys(attempts)
  const wrongs: string[] = []
  if (numbers.length > 5) wrongs.push(`has ${numbers.length} attempts (A5)`)
  if (numbers.some((number, place) => number !== String(place + 1))) wrongs.push(`has the numbers ${numbers} (A6)`)
  const hasFour = (attempt: Attempt): boolean =>
    Object.keys(attempt).toSorted().join() === 'attempted_at,call_id,notes,status'
  if (!Object.values(attempts).every(hasFour)) wrongs.push('has an attempt that has not its four fields (A12)')
  return wrongs
}

/** A3, A4, A12: an attempt is as its call is. */
function wrongsOfAttempt(attempt: Attempt, opportunity: OpportunityBody, { callsById, told }: Witness): string[] {
  const call = callsById.get(attempt.call_id)
  const foreign = told.opportunities.get(opportunity.id)?.foreignCallIds
  if (call === undefined)
    return foreign?.has(attempt.call_id) ? [] : [`has an attempt of no call, ${attempt.call_id} (B7)`]
  const wrongs: string[] = []
  const it = `attempt ${attempt.call_id}`
  if (attempt.status !== colourOf(call.call_status))
    wrongs.push(`shows ${it} ${attempt.status}, of ${call.call_status} (A3)`)
  if (Date.parse(attempt.attempted_at) !== Date.parse(call.started_at ?? call.created_at))
    wrongs.push(`has another time for ${it} (A12)`)
  if (
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(attempt.attempted_at) ||
    attempt.attempted_at.endsWith('.000Z')
  )
    wrongs.push(`writes the time of ${it} as ${attempt.attempted_at} (A12)`)
  const notes = notesOf(call)
  const writes = told.calls.get(call.extension ?? '')?.writes ?? []
  const wasTold = (['resumen_llamada', 'call_result'] as const).some((field) => wasEver(writes, field, attempt.notes))
  // A4: a call without notes leaves those that the attempt has.
  const areRight = notes === '' ? attempt.notes === '' || wasTold : attempt.notes === notes
  if (!areRight) wrongs.push(`has other notes for ${it} (A4, A12)`)
  return wrongs
}

/** B4 */
function wrongsOfOrder(opportunity: OpportunityBody, { callsById }: Witness): string[] {
  const attempts = attemptsOf(opportunity)
  return attempts.flatMap((attempt, place) => {
    const next = attempts[place + 1]
    if (next === undefined) return []
    const [a, b] = [callsById.get(attempt.call_id), callsById.get(next.call_id)]
    const later = Date.parse(attempt.attempted_at) - Date.parse(next.attempted_at)
    const isForeignLater = Number(a !== undefined) - Number(b !== undefined)
    const madeLater = Date.parse(a?.created_at ?? '') - Date.parse(b?.created_at ?? '')
    const isGreater = attempt.call_id > next.call_id ? 1 : -1
    const order = later || isForeignLater || (a === undefined ? -1 : madeLater || isGreater)
    return order > 0 ? [`has attempts ${place + 1} and ${place + 2} in the wrong order (B4)`] : []
  })
}

/** A7, A8, B1, B3 */
function wrongsOfDerived(opportunity: OpportunityBody): string[] {
  const attempts = attemptsOf(opportunity)
  const green = attempts.findIndex(({ status }) => status === 'green')
  const wrongs: string[] = []
  if (opportunity.first_call_completed !== green >= 0) wrongs.push('is wrong about being completed (A7, B3)')
  if (opportunity.first_call_successful_attempt !== (green < 0 ? null : green + 1))
    wrongs.push('names another successful attempt than the first green one (A7, B3)')
  const last = attempts.at(-1)?.attempted_at ?? null
  const isLast = last === opportunity.last_contact_attempt_at
  if (!isLast) wrongs.push(`was last tried at ${last}, and says ${opportunity.last_contact_attempt_at} (A8)`)
  return wrongs
}

/** A8: `pending` becomes `contacted` with an attempt; else a status is what a person last said. */
function wrongsOfStatus({ status }: OpportunityBody, told: ToldOpportunity | undefined): string[] {
  if (told === undefined) return []
  const possible = possibleValues(told.writes, 'status')
  const isMoved = status === 'contacted' && wasEver(told.writes, 'status', 'pending')
  return possible.includes(status) || isMoved ? [] : [`is ${status}, and a person said ${possible.join(' or ')} (A8)`]
}

/** A7, A2: once a call is surely green here, no call takes place here that nobody had told of before. */
function takenAfterGreen(opportunity: OpportunityBody, { callsById, told }: Witness): string[] {
  const toldOf = (callId: string) => told.calls.get(callsById.get(callId)?.extension ?? '')
  const attempts = attemptsOf(opportunity)
  const greenSince = attempts.map(({ call_id, status }) => {
    const writes = toldOf(call_id)?.writes ?? []
    const last = writes.reduce((a, b) => (b.from > a.from ? b : a), writes[0] ?? NO_WRITE)
    const shown = last.answer?.attempt as { outcome?: string; opportunity_id?: string; status?: string } | undefined
    const isAlone = writes.every((write) => write === last || write.until < last.from)
    const wasGreen =
      shown?.outcome === 'registered' && shown.opportunity_id === opportunity.id && shown.status === 'green'
    return status === 'green' && isAlone && wasGreen ? last.until : Infinity
  })
  const since = Math.min(...greenSince)
  const isNews = (callId: string): boolean => (toldOf(callId)?.writes ?? []).every(({ from }) => from > since)
  return attempts
    .filter(({ call_id }) => callsById.has(call_id) && isNews(call_id))
    .map(({ call_id }) => `took ${call_id} although it was completed (A2, A7)`)
}

const NO_WRITE = { from: -Infinity, until: Infinity, answer: null }
