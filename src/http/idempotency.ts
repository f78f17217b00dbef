import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { sql, type Transaction } from 'kysely'
import { configure } from 'safe-stable-stringify'
import type { Answer, AnswerKey } from '../attempts/book.ts'
import { type Database, sqlState } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { ownerOf } from './guard.ts'
import { KEY_USED_BEFORE, problemOf, type Refusal, refusal } from './refusal.ts'

/** A batch's calls come here unread: one that is nested deeper than any call is told apart no further, and refused. */
const stringify = configure({ maximumDepth: 50 })

/**
 * Reads `Idempotency-Key`. The same request is one with the same address and the same JSON, whatever the order of its
 * fields.
 *
 * @param place the call's place in a batch
 * @returns null where none was sent
 */
export function answerKeyOf(request: FastifyRequest, place = 0): AnswerKey | null | Refusal {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key !== 'string' || key === '' || key.length > 255) {
    return refusal('malformed', 'The header Idempotency-Key has 1 to 255 characters.')
  }
  const text = `${request.routeOptions.url} ${stringify(request.body) ?? ''}`
  return { owner: ownerOf(request), key, place, requestHash: createHash('sha256').update(text).digest('base64url') }
}

/** Whether a key was used before for another request. */
export async function wasUsedOtherwise({ query }: Database, { owner, key, requestHash }: AnswerKey): Promise<boolean> {
  const request = await query
    .selectFrom('idempotency_requests')
    .select('request_hash')
    .where('owner', '=', owner)
    .where('key', '=', key)
    .executeTakeFirst()
  return request !== undefined && request.request_hash !== requestHash
}

/** Whether a value is a refusal and not what was hoped for. */
export const isRefusal = (value: object | null): value is Refusal => value !== null && 'code' in value

/** A refusal as the answer that is kept. */
export function refusedAnswer(reason: Refusal): Answer {
  const body = problemOf(reason)
  return { status: body.status, body }
}

/** What was answered to this key before; a conflict where that was another request. */
export async function rememberedAnswer({ query }: Database, answerKey: AnswerKey): Promise<Answer | null> {
  const { owner, key, place, requestHash } = answerKey
  // In one statement: of two, the second may see a request that the first did not.
  const row = await query
    .selectFrom('idempotency_requests as requests')
    .leftJoin('idempotency_keys as answers', (join) =>
      join
        .onRef('answers.owner', '=', 'requests.owner')
        .onRef('answers.key', '=', 'requests.key')
        .on('answers.place', '=', place),
    )
    .select(['requests.request_hash', sql<Answer | null>`answers.answer`.as('answer')])
    .where('requests.owner', '=', owner)
    .where('requests.key', '=', key)
    .executeTakeFirst()
  if (row === undefined) return null
  return row.request_hash === requestHash ? row.answer : refusedAnswer(KEY_USED_BEFORE)
}

/**
 * Keeps what is answered to this key.
 *
 * @throws where somebody else's request with this key was faster: see {@link isKeyTaken}
 */
export async function rememberAnswer(
  transaction: Transaction<Tables>,
  { requestHash: request_hash, owner, key, place }: AnswerKey,
  answer: Answer,
): Promise<void> {
  await transaction
    .with('request', (query) =>
      query
        .insertInto('idempotency_requests')
        .values({ owner, key, request_hash })
        .onConflict((conflict) => conflict.columns(['owner', 'key']).doNothing()),
    )
    .insertInto('idempotency_keys')
    .values({ owner, key, place, request_hash, answer: JSON.stringify(answer) })
    .execute()
}

/** Whether an answer was not kept since the key has one: by the same request, or by another one. */
export const isKeyTaken = (error: unknown): boolean => ['23505', '23503'].includes(sqlState(error) ?? '')
