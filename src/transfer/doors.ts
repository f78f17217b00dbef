import type { CountryCode } from 'libphonenumber-js'
import type { z } from 'zod'
import type { Answer } from '../attempts/book.ts'
import type { Register } from '../attempts/register.ts'
import type { Actor } from '../audit/actor.ts'
import type { CallBody } from '../calls/body.ts'
import type { Outcome } from '../calls/call.ts'
import { createCall, type NewCall } from '../calls/save.ts'
import { callSchemas } from '../calls/schema.ts'
import { contactSchemas } from '../contacts/contact.ts'
import { createContacts } from '../contacts/store.ts'
import type { Database } from '../database/database.ts'
import type { Fault, Problem } from '../http/refusal.ts'
import { createOpportunity } from '../opportunities/save.ts'
import { newOpportunity } from '../opportunities/schema.ts'
import { type Present, presentCalls, presentContacts, presentOpportunities } from './present.ts'

/** What became of a line. */
export type Taken =
  | { result: 'created'; outcome: Outcome | null }
  | { result: 'already_there' | 'stays_deleted' }
  | { result: 'refused'; faults: readonly Fault[] }

interface Item<Data> {
  id: string
  isIdGiven: boolean
  data: Data
}

/** How lines of one kind are checked and written: by the schemas and changes of the HTTP doors. */
export interface Door<Data> {
  schema: z.ZodType<Data>
  /** About how many characters a batch writes for it. */
  sizeOf(data: Data): number
  /** Takes lines in their order, at most a thousand, as one batch. */
  take(items: readonly Item<Data>[]): Promise<Taken[]>
}

export interface DoorOptions {
  database: Database
  register: Register
  country: CountryCode
  /** Nothing is written: what is there is told, and what the register would refuse. */
  isDryRun: boolean
}

const IMPORT: Actor = { who: 'import', requestId: null }

/** Contacts, many in one statement. */
export function contactDoor({ database, country, isDryRun }: DoorOptions) {
  const schema = contactSchemas(country).newContact
  const door: Door<z.output<typeof schema>> = {
    schema,
    sizeOf: () => 0,
    take: async (items) => {
      if (isDryRun) return (await presentContacts(database, items)).map((present) => TAKEN_WHERE[present ?? 'nothing'])
      const contacts = items.map(({ id, data }) => ({ ...data, id, created_at: data.created_at ?? null }))
      const created = await createContacts(database, contacts, IMPORT)
      if (created.size === items.length) return items.map(() => CREATED)
      const present = await presentContacts(database, items)
      return items.map(({ id }, place) => (created.delete(id) ? CREATED : TAKEN_WHERE[present[place] ?? 'there']))
    },
  }
  return door
}

const CREATED: Taken = { result: 'created', outcome: null }
const THERE: Taken = { result: 'already_there' }
const STAYS_DELETED: Taken = { result: 'stays_deleted' }
const TAKEN_WHERE = { there: THERE, deleted: STAYS_DELETED, nothing: CREATED } as const

/** Opportunities, with what an older system knows of their attempts (B1, B7). */
export function opportunityDoor({ database, register }: DoorOptions) {
  const door: Door<z.output<typeof newOpportunity>> = {
    schema: newOpportunity,
    sizeOf: ({ first_call_attempts }) =>
      Object.values(first_call_attempts).reduce((length, { notes }) => length + notes.length, 0),
    take: (items) =>
      takeAbsent(
        items,
        (asked) => presentOpportunities(database, asked),
        ({ id, data }) => {
          const { title = null, assigned_to = null, source = null, created_at = null, ...rest } = data
          const asked = { ...rest, id, title, assigned_to, source, created_at }
          return register.registerCallAttempt(createOpportunity(asked, IMPORT))
        },
        () => null,
      ),
  }
  return door
}

/** Calls, whose attempts are registered in the order of the file (A5, B4). */
export function callDoor({ database, register, country }: DoorOptions) {
  const schema = callSchemas(country).newCall
  const door: Door<z.output<typeof schema>> = {
    schema,
    sizeOf: ({ call_result, resumen_llamada }) => 2 * ((call_result?.length ?? 0) + (resumen_llamada?.length ?? 0)),
    take: (items) => {
      const clock = { start: null }
      return takeAbsent(
        items,
        (asked) => presentCalls(database, asked),
        ({ id, isIdGiven, data }, place) => {
          const { id: _, provider = null, provider_call_id = null, created_at = null, ...fields } = data
          const key = { id, isIdGiven, provider, provider_call_id }
          const asked: NewCall = { ...key, created_at, isOfFile: true, fields: fields as NewCall['fields'] }
          return register.registerCallAttempt(createCall(asked, IMPORT, { clock, place }))
        },
        (body) => (body as CallBody).attempt.outcome,
      )
    },
  }
  return door
}

/**
 * Saves what is not there yet; the same file may be brought in again. What came meanwhile from elsewhere is a conflict
 * that is looked at once more.
 */
async function takeAbsent<Data>(
  items: readonly Item<Data>[],
  look: (items: readonly Item<Data>[]) => Promise<readonly Present[]>,
  save: (item: Item<Data>, place: number) => Promise<Answer>,
  outcomeOf: (body: unknown) => Outcome | null,
): Promise<Taken[]> {
  const before = await look(items)
  const answers = await Promise.all(items.map((item, place) => (before[place] === null ? save(item, place) : null)))
  const isConflict = answers.map((answer) => answer?.status === 409)
  const conflicts = items.filter((_, place) => isConflict[place])
  const after = (conflicts.length === 0 ? [] : await look(conflicts)).values()
  return answers.map((answer, place): Taken => {
    const present = isConflict[place] === true ? after.next().value : before[place]
    if (present === 'deleted') return STAYS_DELETED
    if (present === 'there' || answer === null || answer.status === 200) return THERE
    if (answer.status === 201) return { result: 'created', outcome: outcomeOf(answer.body) }
    const { errors, detail } = answer.body as Problem
    return { result: 'refused', faults: errors ?? [{ path: '', message: detail }] }
  })
}
