import { formatInstant, isCompleted, lastContactAttemptAt, successfulAttempt } from '../attempts/attempt.ts'
import type { Attempt, Opportunity } from '../opportunities/opportunity.ts'
import type { Actor } from './actor.ts'
import { type Entry, entryOf, type Fields } from './entry.ts'

/**
 * What the audit keeps of an opportunity that was made (`before` is null) or changed; null where only its revision did.
 * Of attempts those with a number that another call had, or none, and those that changed otherwise: so a history tells
 * each renumbering (B4).
 */
export function opportunityEntry(by: Actor, before: Opportunity | null, after: Opportunity): Entry | null {
  const concerned = { contactId: after.contact_id, callId: null }
  const changed = changedPlaces(before?.attempts ?? [], after.attempts)
  const action = before === null ? 'opportunity.created' : 'opportunity.changed'
  return entryOf(by, action, after.id, before && fieldsOf(before, changed), fieldsOf(after, changed), concerned)
}

function fieldsOf(opportunity: Opportunity, places: readonly number[]): Fields {
  const lastAt = lastContactAttemptAt(opportunity)
  return {
    contact_id: opportunity.contact_id,
    title: opportunity.title,
    status: opportunity.status,
    assigned_to: opportunity.assigned_to,
    source: opportunity.source,
    ...attemptFields(opportunity.attempts, places),
    first_call_completed: isCompleted(opportunity),
    first_call_successful_attempt: successfulAttempt(opportunity),
    last_contact_attempt_at: lastAt === null ? null : formatInstant(lastAt),
    created_at: formatInstant(opportunity.created_at),
  }
}

function changedPlaces(before: readonly Attempt[], after: readonly Attempt[]): number[] {
  const places: number[] = []
  for (let place = 0; place < Math.max(before.length, after.length); place++) {
    if (!isSame(before[place], after[place])) places.push(place)
  }
  return places
}

function isSame(a: Attempt | undefined, b: Attempt | undefined): boolean {
  if (a === b) return true
  return (
    a?.call_id === b?.call_id &&
    a?.status === b?.status &&
    a?.attempted_at === b?.attempted_at &&
    foreignNotes(a) === foreignNotes(b)
  )
}

/** The notes of any other attempt are its call's, which tells of them (A12). */
const foreignNotes = (attempt: Attempt | undefined): string | null =>
  attempt?.call_created_at === null && attempt.notes !== '' ? attempt.notes : null

/** By their numbers; null where there is none. */
function attemptFields(attempts: readonly Attempt[], places: readonly number[]): Fields {
  const shown: Record<string, unknown> = {}
  const notes: Record<string, unknown> = {}
  for (const place of places) {
    const attempt = attempts[place]
    if (attempt === undefined) continue
    const { status, call_id, attempted_at } = attempt
    shown[place + 1] = { status, call_id, attempted_at: formatInstant(attempted_at) }
    const foreign = foreignNotes(attempt)
    if (foreign !== null) notes[place + 1] = foreign
  }
  return { first_call_attempts: filled(shown), attempt_notes: filled(notes) }
}

const filled = (fields: Record<string, unknown>): Fields | null => (Object.keys(fields).length === 0 ? null : fields)
