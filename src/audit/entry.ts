import type { Actor } from './actor.ts'

/** What was changed. */
export const KINDS = [
  'call',
  'opportunity',
  'contact',
  'review',
  'recording',
  'dial',
  'sync',
  'key',
  'user',
  'retention',
] as const
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
  retention: [],
}

/** What was changed, by the action. */
export const kindOf = (action: Action): Kind => action.slice(0, action.indexOf('.')) as Kind

/**
 * What the audit keeps of a change.
 *
 * @param before fields as they were, all that may have changed; null where it was not there
 * @param after fields as they are, with the same names; null where it is gone
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
  const ofPerson = PERSONAL[kindOf(action)]
  const [shown, hidden] = [new Sides(before, after), new Sides(before, after)]
  const personal: string[] = []
  // A loop, and no list of names on the way: this is hot.
  for (const name in after ?? before) {
    const [was, is] = [before?.[name] ?? null, after?.[name] ?? null]
    if (isSame(was, is)) continue
    const isPersonal = ofPerson.includes(name)
    if (isPersonal) personal.push(name)
    ;(isPersonal ? hidden : shown).put(name, was, is)
  }
  if (before !== null && after !== null && !shown.hasSome && !hidden.hasSome) return null
  return {
    by,
    action,
    entityId,
    before: shown.before,
    after: shown.after,
    personal: hidden.hasSome ? { ...concerned, fields: personal, before: hidden.before, after: hidden.after } : null,
  }
}

/** The fields that changed, on the sides that there are. */
class Sides {
  readonly before: Record<string, unknown> | null
  readonly after: Record<string, unknown> | null
  hasSome = false

  constructor(before: Fields | null, after: Fields | null) {
    this.before = before === null ? null : {}
    this.after = after === null ? null : {}
  }

  put(name: string, was: unknown, is: unknown): void {
    if (this.before !== null) this.before[name] = was
    if (this.after !== null) this.after[name] = is
    this.hasSome = true
  }
}

/** Values as JSON has them; none is the same as null. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  return typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b)
}
