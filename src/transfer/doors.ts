import type { CountryCode } from 'libphonenumber-js'
import type { z } from 'zod'
import type { Answer } from '../attempts/book.ts'
import type { Register } from '../attempts/register.ts'
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

export interface Item<Data> {
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

/** Contacts, many in one statement. */
export function contactDoor({ database, country, isDryRun }: DoorOptions) {
  const schema = contactSchemas(country).newContact
  const door: Door<z.output<typeof schema>> = {
    schema,
    sizeOf: () => 0,
    take: async (items) => {
      if (isDryRun) {
        const present = await presentContacts(database, items)
        return items.map((_, place) => (present[place] === 'there' ? THERE : CREATED))
      }
      const contacts = items.map(({ id, data }) => ({ ...data, id, created_at: data.created_at ?? null }))
      const created = await createContacts(database, contacts)
      return items.map(({ id }) => (created.delete(id) ? CREATED : THERE))
    },
  }
  return door
}

const CREATED: Taken = { result: 'created', outcome: null }
const THERE: Taken = { result: 'already_there' }

/** Opportunities, with what an older system knows of their attempts (B1, B7). */
export function opportunityDoor({ database, register }: DoorOptions) {
  const door: Door<z.output<typeof newOpportunity>> = {
    schema: newOpportunity,
    sizeOf: ({ first_call_attempts }) =>
      Object.values(first_call_attempts).reduce((length, { notes }) => length + notes.length, 0),
    take: async (items) => {
      const answers = await Promise.all(
        items.map(({ id, data }) => {
          const { title = null, assigned_to = null, source = null, created_at = null, ...rest } = data
          return register.registerCallAttempt(
            createOpportunity({ ...rest, id, title, assigned_to, source, created_at }),
          )
        }),
      )
      return judged(
        answers,
        items,
        (refused) => presentOpportunities(database, refused),
        () => null,
      )
    },
  }
  return door
}

/** Calls, whose attempts are registered in the order of the file (A5, B4). */
export function callDoor({ database, register, country }: DoorOptions) {
  const schema = callSchemas(country).newCall
  const door: Door<z.output<typeof schema>> = {
    schema,
    sizeOf: ({ call_result, resumen_llamada }) => 2 * ((call_result?.length ?? 0) + (resumen_llamada?.length ?? 0)),
    take: async (items) => {
      const clock = { start: null }
      const answers = await Promise.all(
        items.map(({ id, isIdGiven, data }, place) => {
          const { id: _, provider = null, provider_call_id = null, created_at = null, ...fields } = data
          const asked = { id, isIdGiven, provider, provider_call_id, created_at, fields: fields as NewCall['fields'] }
          return register.registerCallAttempt(createCall(asked, { clock, place }))
        }),
      )
      return judged(
        answers,
        items,
        (refused) => presentCalls(database, refused),
        ({ body }) => (body as CallBody).attempt.outcome,
      )
    },
  }
  return door
}

/** A conflict with what was there is none: the same file may be brought in again. */
async function judged<Data>(
  answers: readonly Answer[],
  items: readonly Item<Data>[],
  look: (items: readonly Item<Data>[]) => Promise<readonly Present[]>,
  outcomeOf: (answer: Answer) => Outcome | null,
): Promise<Taken[]> {
  const conflicts = items.filter((_, place) => answers[place]?.status === 409)
  const present = conflicts.length === 0 ? [] : await look(conflicts)
  const states = new Map(conflicts.map((item, place) => [item, present[place] ?? null]))
  return answers.map((answer, place): Taken => {
    if (answer.status === 201) return { result: 'created', outcome: outcomeOf(answer) }
    if (answer.status === 200) return THERE
    const item = items[place]
    const state = item === undefined ? null : states.get(item)
    if (state === 'there') return THERE
    if (state === 'deleted') return { result: 'stays_deleted' }
    const { errors, detail } = answer.body as Problem
    return { result: 'refused', faults: errors ?? [{ path: '', message: detail }] }
  })
}
