import { sql } from 'kysely'
import { problemOf, refusal } from '../http/refusal.ts'
import type { Step, Work } from './erasure.ts'
import { textsIn, withoutMarks } from './traces.ts'

/** Whoever asked to be put through to the person. */
export const removeDialRequests: Step = {
  name: 'requests to call',
  do: async ({ query, contactId, ownPhones }) => {
    await sql`delete from dial_requests
      where contact_id = ${contactId} or phone_number = any(${ownPhones}::text[])`.execute(query)
  },
}

const problem = problemOf(refusal('erased', 'What was answered to this request told of a person who was erased.'))
const GONE = JSON.stringify({ status: problem.status, body: problem })

/**
 * Answers that are kept for repeated requests. Another one stands in their place: without any, a repeat would do again
 * what was asked. There may be very many, and no index tells whom they are about: they are gone through by their key.
 *
 * @param atOnce so many are looked at by one statement
 */
export const replaceAnswersBy = (atOnce: number): Step => ({
  name: 'answers that are kept',
  do: async (work) => {
    for (let after: Place | null = { owner: '', key: '', place: 0 }; after !== null; ) {
      after = await replaceAnswersAfter(after, atOnce, work)
      await work.goOn()
    }
  },
})

/** Of 600 000 a busy machine looks at so many in half a second. */
export const replaceAnswers = replaceAnswersBy(2_000)

/** Where one of them stands. */
interface Place {
  owner: string
  key: string
  place: number
}

/** @returns the last one that was looked at; null where none was left */
async function replaceAnswersAfter(
  { owner, key, place }: Place,
  atOnce: number,
  { query, contactId, callIds, traces }: Work,
): Promise<Place | null> {
  const isOfPerson = sql`coalesce(body.id = any(${[contactId, ...callIds]}::text[])
    or ${contactId} in (body.entity_id, body.contact_id), false)`
  const { rows } = await sql<Kept>`
    with slice as materialized (
      select owner, key, place, answer from idempotency_keys where (owner, key, place) > (${owner}, ${key}, ${place})
      order by owner, key, place limit ${atOnce})
    select owner, key, place, answer, ${isOfPerson} as "isOfPerson"
    from slice
      cross join json_to_record(answer) as answered (status text, body json)
      cross join json_to_record(answered.body) as body (id text, entity_id text, contact_id text)
    where status <> ${String(problem.status)} and (${isOfPerson} or ${withoutMarks(sql`answer::text`)} like any(${traces.patterns}::text[]))
    union all
    (select owner, key, place, null, false from slice order by owner desc, key desc, place desc limit 1)`.execute(query)
  const told = rows.filter(({ answer, isOfPerson }) => {
    if (answer === null || isOfPerson) return isOfPerson
    const { phones, entity_type, entity_id } = answer.body
    const isOfOther = phones !== undefined || (entity_type === 'contacts' && entity_id != null)
    return !isOfOther && textsIn(answer.body).some(traces.hasNumber)
  })
  if (told.length > 0) {
    await sql`update idempotency_keys set answer = ${GONE}::json
      from unnest(${told.map((one) => one.owner)}::text[], ${told.map((one) => one.key)}::text[],
        ${told.map((one) => one.place)}::integer[]) as told (owner, key, place)
      where (idempotency_keys.owner, idempotency_keys.key, idempotency_keys.place) = (told.owner, told.key, told.place)
      `.execute(query)
  }
  return rows.find(({ answer }) => answer === null) ?? null
}

interface Kept extends Place {
  /** Of the last one, which is told apart, null. */
  answer: { body: { phones?: unknown; entity_type?: unknown; entity_id?: unknown } } | null
  isOfPerson: boolean
}
