import { sql } from 'kysely'
import { problemOf, refusal } from '../http/refusal.ts'
import type { Step } from './erasure.ts'
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
 * what was asked.
 */
export const replaceAnswers: Step = {
  name: 'answers that are kept',
  do: async ({ query, contactId, callIds, traces }) => {
    const { rows } = await sql<Kept>`
      select owner, key, place, answer,
        answer #>> '{body,id}' = any(${[contactId, ...callIds]}::text[])
          or ${contactId} in (answer #>> '{body,entity_id}', answer #>> '{body,contact_id}') as "isOfPerson"
      from idempotency_keys
      where answer ->> 'status' <> ${String(problem.status)} and (
        answer #>> '{body,id}' = any(${[contactId, ...callIds]}::text[])
        or ${contactId} in (answer #>> '{body,entity_id}', answer #>> '{body,contact_id}')
        or ${withoutMarks(sql`answer::text`)} like any(${traces.patterns}::text[]))`.execute(query)
    for (const { owner, key, place, answer, isOfPerson } of rows) {
      const { phones, entity_type, entity_id } = answer.body
      const isOfOther = phones !== undefined || (entity_type === 'contacts' && entity_id != null)
      if (isOfPerson !== true && (isOfOther || !textsIn(answer.body).some(traces.hasNumber))) continue
      await sql`update idempotency_keys set answer = ${GONE}::json
        where owner = ${owner} and key = ${key} and place = ${place}`.execute(query)
    }
  },
}

interface Kept {
  owner: string
  key: string
  place: number
  answer: { body: { phones?: unknown; entity_type?: unknown; entity_id?: unknown } }
  isOfPerson: boolean | null
}
