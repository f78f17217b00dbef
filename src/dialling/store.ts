import { v7 as uuidv7 } from 'uuid'
import { formatInstant } from '../attempts/attempt.ts'
import type { Answer, AnswerKey } from '../attempts/book.ts'
import type { Actor } from '../audit/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Database } from '../database/database.ts'
import { isKeyTaken, rememberAnswer } from '../http/idempotency.ts'

/** Somebody wants to be put through to a contact. */
export interface DialOrder {
  contact_id: string
  extension: string
  /** The contact's, in E.164. */
  phone_number: string
}

/**
 * Stores the request, and the answer to its key in the same transaction.
 *
 * @returns null where the key has an answer already
 */
export async function storeRequest(
  { query }: Database,
  order: DialOrder,
  by: Actor,
  answerKey: AnswerKey | null,
): Promise<{ id: string; answer: Answer } | null> {
  const id = uuidv7()
  const answer: Answer = { status: 202, body: { request_id: id } }
  return query
    .transaction()
    .execute(async (transaction) => {
      await transaction
        .insertInto('dial_requests')
        .values({ id, ...order })
        .execute()
      const concerned = { contactId: order.contact_id, callId: null }
      await recordChange(transaction, by, 'dial.requested', id, null, { ...order }, concerned)
      if (answerKey !== null) await rememberAnswer(transaction, answerKey, answer)
      return { id, answer }
    })
    .catch((error: unknown) => {
      if (answerKey !== null && isKeyTaken(error)) return null
      throw error
    })
}

/**
 * A request, and the call that it has become: the one that the PBX told of, else what somebody said of it before.
 *
 * @returns null where there is none
 */
export async function findRequest({ query }: Database, id: string) {
  const row = await query
    .selectFrom('dial_requests')
    .leftJoin('calls as told', (join) =>
      join.onRef('told.id', '=', 'dial_requests.call_id').on('told.deleted_at', 'is', null),
    )
    .leftJoin('calls as written', (join) =>
      join.onRef('written.id', '=', 'dial_requests.written_call_id').on('written.deleted_at', 'is', null),
    )
    .select(['dial_requests.id as request_id', 'dial_requests.contact_id', 'dial_requests.extension'])
    .select(({ fn }) => fn.coalesce('told.id', 'written.id').as('call_id'))
    .select('dial_requests.created_at')
    .where('dial_requests.id', '=', id)
    .executeTakeFirst()
  return row === undefined ? null : { ...row, created_at: formatInstant(row.created_at) }
}

/** Removes a request that came to nothing, with the answer to its key: the same may be asked again. */
export async function removeRequest(
  { query }: Database,
  id: string,
  by: Actor,
  answerKey: AnswerKey | null,
): Promise<void> {
  await query.transaction().execute(async (transaction) => {
    const removed = await transaction
      .deleteFrom('dial_requests')
      .where('id', '=', id)
      .where('call_id', 'is', null)
      .returning(['contact_id', 'extension', 'phone_number'])
      .executeTakeFirst()
    if (removed !== undefined) {
      const concerned = { contactId: removed.contact_id, callId: null }
      await recordChange(transaction, by, 'dial.withdrawn', id, removed, null, concerned)
    }
    if (answerKey === null) return
    const { owner, key } = answerKey
    for (const table of ['idempotency_keys', 'idempotency_requests'] as const) {
      await transaction.deleteFrom(table).where('owner', '=', owner).where('key', '=', key).execute()
    }
  })
}

/** Keeps another answer to the key of a request. */
export async function changeAnswer(
  { query }: Database,
  { owner, key, place }: AnswerKey,
  answer: Answer,
): Promise<void> {
  await query
    .updateTable('idempotency_keys')
    .set({ answer: JSON.stringify(answer) })
    .where('owner', '=', owner)
    .where('key', '=', key)
    .where('place', '=', place)
    .execute()
}
