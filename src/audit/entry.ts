import type { Actor } from './actor.ts'

/** What was changed. */
export const KINDS = ['call', 'opportunity', 'contact', 'review', 'recording', 'dial', 'sync', 'key', 'user'] as const
export type Kind = (typeof KINDS)[number]

/** What was done to it, such as `call.created`. */
export type Action = `${Kind}.${string}`

/** Values by the names of their fields, as JSON has them. */
export type Fields = Readonly<Record<string, unknown>>

/** Whose personal values they are: erasing that contact, or that call, empties them. */
export interface Concerned {
  contactId: string | null
  callId: string | null
}

/** One change of state, as the audit keeps it. */
export interface Entry {
  by: Actor
  action: Action
  entityId: string
  /** Only what changed; null where it was not there before, or is not there any more. */
  before: Fields | null
  after: Fields | null
  /** Those that tell of a person, which lie apart; null where none changed. */
  personal: (Concerned & { fields: readonly string[]; before: Fields | null; after: Fields | null }) | null
}

const NOBODY: Concerned = { contactId: null, callId: null }

/** Fields that tell of a person: names, numbers, addresses, and what somebody wrote. */
const PERSONAL: Readonly<Record<Kind, readonly string[]>> = {
  call: ['phone_number', 'call_result', 'resumen_llamada'],
  opportunity: ['title', 'attempt_notes'],
  contact: ['name', 'phones', 'email'],
  review: ['reason'],
  recording: [],
  dial: ['phone_number'],
  sync: [],
  key: [],
  user: ['name', 'email'],
}

/** What was changed, by the action. */
export const kindOf = (action: Action): Kind => action.slice(0, action.indexOf('.')) as Kind

/**
 * What the audit keeps of a change.
 *
 * @param before all fields as they were; null where it was not there
 * @param after all fields as they are; null where it is gone
 * @returns null where no field changed
 */
export function entryOf(
  by: Actor,
  action: Action,
  entityId: string,
  before: Fields | null,
  after: Fields | null,
  concerned: Concerned = NOBODY,
): Entry | null {
  const names = before !== null && after !== null ? changedNames(before, after) : namesOf(before ?? after ?? {})
  if (names.length === 0 && before !== null && after !== null) return null
  const ofPerson = PERSONAL[kindOf(action)]
  const personal = names.filter((name) => ofPerson.includes(name))
  if (personal.length === 0) {
    return { by, action, entityId, before: only(before, names), after: only(after, names), personal: null }
  }
  const others = names.filter((name) => !ofPerson.includes(name))
  return {
    by,
    action,
    entityId,
    before: only(before, others),
    after: only(after, others),
    personal: { ...concerned, fields: personal, before: only(before, personal), after: only(after, personal) },
  }
}

/** Those that say something. */
const namesOf = (fields: Fields): string[] => Object.keys(fields).filter((name) => fields[name] != null)

const changedNames = (before: Fields, after: Fields): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !isSame(before[name], after[name]))

function isSame(a: unknown, b: unknown): boolean {
  if (a === b || (a == null && b == null)) return true
  return typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b)
}

function only(fields: Fields | null, names: readonly string[]): Fields | null {
  if (fields === null) return null
  const some: Record<string, unknown> = {}
  for (const name of names) some[name] = fields[name] ?? null
  return some
}
