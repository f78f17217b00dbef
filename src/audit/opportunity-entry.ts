import { formatInstant, lastContactAttemptAt, successfulAttempt } from '../attempts/attempt.ts'
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
  const places = changedPlaces(before?.attempts ?? [], after.attempts)
  if (before === null) {
    const { contact_id, created_at } = after
    const fields = { contact_id, ...fieldsOf(after, places), created_at: formatInstant(created_at) }
    return entryOf(by, 'opportunity.created', after.id, null, fields, concerned)
  }
  return entryOf(by, 'opportunity.changed', after.id, fieldsOf(before, places), fieldsOf(after, places), concerned)
}

/** What can change of an opportunity. */
function fieldsOf(opportunity: Opportunity, places: readonly number[]): Fields {
  const { title, status, assigned_to, source, completed_elsewhere } = opportunity
  // What follows from the attempts changes with them.
  const hasOthers = places.length > 0
  const lastAt = hasOthers ? lastContactAttemptAt(opportunity) : null
  const number = hasOthers ? successfulAttempt(opportunity) : null
  return {
    title,
    status,
    assigned_to,
    source,
    first_call_attempts: attemptsAt(places, opportunity.attempts),
    attempt_notes: notesAt(places, opportunity.attempts),
    first_call_completed: completed_elsewhere || number !== null,
    first_call_successful_attempt: number,
    last_contact_attempt_at: lastAt === null ? null : formatInstant(lastAt),
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

/** Attempts by their numbers; null where there is none. */
function attemptsAt(places: readonly number[], attempts: readonly Attempt[]): Fields | null {
  let fields: Record<string, unknown> | null = null
  for (const place of places) {
    const attempt = attempts[place]
    if (attempt === undefined) continue
    const { status, call_id, attempted_at } = attempt
    fields ??= {}
    fields[place + 1] = { status, call_id, attempted_at: formatInstant(attempted_at) }
  }
  return fields
}

/** The notes of foreign ones by their numbers; null where there are none. */
function notesAt(places: readonly number[], attempts: readonly Attempt[]): Fields | null {
  let fields: Record<string, unknown> | null = null
  for (const place of places) {
    const notes = foreignNotes(attempts[place])
    if (notes === null) continue
    fields ??= {}
    fields[place + 1] = notes
  }
  return fields
}
