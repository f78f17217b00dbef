import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { configure } from 'safe-stable-stringify'
import type { AnswerKey } from '../attempts/book.ts'
import type { Database } from '../database/database.ts'
import { ownerOf } from './guard.ts'
import { type Refusal, refusal } from './refusal.ts'

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
