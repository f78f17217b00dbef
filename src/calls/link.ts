import type { Instant } from '../time.ts'
import type { Call, Link } from './call.ts'

/** A contact that has the number of a call. */
export interface NumberHolder {
  id: string
  created_at: Instant
  /** Of its open opportunities the newest; null where it has none. */
  newestOpen: { id: string; created_at: Instant } | null
}

/** Somebody asked for a call from this extension to this contact. */
export interface DialRequest {
  id: string
  contact_id: string
  extension: string
  phone_number: string
  created_at: Instant
  /** The call that the PBX told of; null until it does. */
  call_id: string | null
  /** The call that somebody wrote down without waiting for the PBX, which may be deleted by now. */
  written_call_id: string | null
}

/** Whom a call is linked to, and why. */
export interface LinkedTo {
  contactId: string
  link: Link
  /** The request that it answers; null where nobody asked for it. */
  dial: DialRequest | null
}

/** B10: a machine links only while no person has set the contact or cleared it. */
export function mayBeLinked({ sources, phone_number }: Call): boolean {
  return phone_number !== null && sources.entity_id !== 'person' && sources.entity_type !== 'person'
}

const MAY_BE_EARLIER_MS = 60_000
const DIALLED_WITHIN_MS = 300_000

/**
 * The request that a call out answers: the same extension and number, within five minutes; of several the oldest. Of
 * those for that one's contact, the first of which somebody has said how it went: of another one, perhaps nothing rang.
 */
export function answeredRequest(call: Call, requests: readonly DialRequest[], now: Instant): DialRequest | null {
  const waited = (request: DialRequest): number => (call.started_at ?? now) - request.created_at
  const answered = requests.filter(
    (request) =>
      call.direction !== 'inbound' &&
      request.extension === call.extension &&
      request.phone_number === call.phone_number &&
      waited(request) >= -MAY_BE_EARLIER_MS &&
      waited(request) <= DIALLED_WITHIN_MS,
  )
  const [oldest] = answered.sort((a, b) => a.created_at - b.created_at)
  if (oldest === undefined) return null
  const isWritten = (request: DialRequest): boolean =>
    request.contact_id === oldest.contact_id && request.written_call_id !== null
  return answered.find(isWritten) ?? oldest
}

/**
 * Of the contacts that have a number, the one meant: the one with an open opportunity; of several of those the one whose
 * opportunity is the newest; of none the contact that was made last, which is doubtful.
 */
export function meantBy(holders: readonly NumberHolder[]): LinkedTo | null {
  const candidates = holders.map(({ id }) => id).sort()
  const linkedTo = (contactId: string, how: Link['how']): LinkedTo => ({
    contactId,
    link: { how, candidates },
    dial: null,
  })
  const [only] = holders
  if (only === undefined) return null
  if (holders.length === 1) return linkedTo(only.id, 'number')
  const open = holders.flatMap(({ id, newestOpen }) => (newestOpen === null ? [] : [{ contactId: id, ...newestOpen }]))
  const [newestOpen] = open.sort(newestFirst)
  if (newestOpen !== undefined) {
    return linkedTo(newestOpen.contactId, open.length === 1 ? 'open_opportunity' : 'newest_open_opportunity')
  }
  const [newest = only] = [...holders].sort(newestFirst)
  return linkedTo(newest.id, 'newest_contact')
}

interface Made {
  id: string
  created_at: Instant
}

/** Equally new ones by their ids, the greatest first (A2). */
const newestFirst = (a: Made, b: Made): number => b.created_at - a.created_at || (a.id < b.id ? 1 : -1)
