import { createHash } from 'node:crypto'
import { v5 as uuidv5 } from 'uuid'
import type { Kind } from './fields.ts'

/** Of our own, so that an id made here is the same wherever it is made, and nobody else's. */
const NAMESPACE = '8d0f9a52-0f2b-4a0e-9d59-6a4d2c1f7b30'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The id that something of an older system has here: its own where that is a UUID, else one made of kind and id, so that
 * whatever refers to it meets it.
 *
 * @param kind what it is the id of: `contacts`, `opportunities`, `calls`, or another word of `entity_type`
 */
export function idFor(kind: string, id: string): string {
  return UUID.test(id) ? id.toLowerCase() : uuidv5(`${kind}:${id}`, NAMESPACE)
}

/** The id of what has none in its file: of all that its line says, and how often it was said before. */
export function idOfContent(kind: Kind, content: string, occurrence: number): string {
  return uuidv5(`${kind} line ${occurrence}:${content}`, NAMESPACE)
}

/** The id of a call that is known by its provider's key. */
export function idOfProviderKey(provider: string, callId: string): string {
  return uuidv5(`calls of ${JSON.stringify([provider, callId])}`, NAMESPACE)
}

/** Twelve bytes that stand for a text: short, since millions are kept in memory. */
export function digestOf(text: string): string {
  return createHash('sha1').update(text).digest().toString('latin1', 0, 12)
}
