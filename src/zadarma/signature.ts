import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** Which fields an event signs, in this order. */
const INCOMING = ['caller_id', 'called_did', 'call_start']
const ANSWER = ['caller_id', 'destination', 'call_start']
const OUTGOING = ['internal', 'destination', 'call_start']
const RECORD = ['pbx_call_id', 'call_id_with_rec']
const RESULT = ['result']

const SIGNED: ReadonlyMap<string, readonly string[]> = new Map([
  ['NOTIFY_START', INCOMING],
  ['NOTIFY_INTERNAL', INCOMING],
  ['NOTIFY_END', INCOMING],
  ['NOTIFY_IVR', INCOMING],
  ['NOTIFY_ANSWER', ANSWER],
  ['NOTIFY_OUT_START', OUTGOING],
  ['NOTIFY_OUT_END', OUTGOING],
  ['NOTIFY_RECORD', RECORD],
  ['SMS', RESULT],
  ['NUMBER_LOOKUP', RESULT],
  ['CALL_TRACKING', RESULT],
])

/** Whether it is documented what this event signs. */
export function isKnownEvent(event: string): boolean {
  return SIGNED.has(event)
}

/** For an event of which nobody says what it signs. */
const EVERY_KNOWN = [INCOMING, ANSWER, OUTGOING, RECORD, RESULT]

/** Zadarma's signature of a text: base64 of the 40 hexadecimal digits of its HMAC-SHA1, not of the raw digest. */
export function signatureOf(secret: string, text: string): string {
  return Buffer.from(createHmac('sha1', secret).update(text).digest('hex')).toString('base64')
}

/**
 * Whether a notification comes from somebody who knows the secret. Never throws; where there is no signature, no secret,
 * or none of the fields that the event signs, nothing is genuine.
 *
 * @param fields the form as it was decoded, nothing normalised
 * @param signature the header `Signature`
 */
export function isGenuine(
  fields: Readonly<Record<string, string>>,
  signature: string | undefined,
  secret: string,
): boolean {
  if (typeof signature !== 'string' || secret === '') return false
  const signed = SIGNED.get(fields.event ?? '')
  let fits = false
  for (const names of signed === undefined ? EVERY_KNOWN : [signed]) {
    const text = textOf(fields, names)
    // All are compared, so that the time taken does not tell which one fits.
    if (text !== '' && isEqual(signatureOf(secret, text), signature)) fits = true
  }
  return fits
}

/** A missing field is the empty text. A form with a field twice, if a reader of forms lets it through, signs nothing. */
function textOf(fields: Readonly<Record<string, unknown>>, names: readonly string[]): string {
  const values = names.map((name) => fields[name] ?? '')
  return values.every((value) => typeof value === 'string') ? values.join('') : ''
}

/** In constant time; the length is no secret. */
function isEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/**
 * What a request to Zadarma's API is signed with.
 *
 * @param path from `/v1/` to the closing `/`
 * @returns the parameters as they are to be sent, and the header `Authorization`
 */
export function requestAuthorization(
  key: string,
  secret: string,
  path: string,
  params: Readonly<Record<string, string>>,
): { query: string; authorization: string } {
  const query = formEncoded(params)
  const md5 = createHash('md5').update(query).digest('hex')
  return { query, authorization: `${key}:${signatureOf(secret, `${path}${query}${md5}`)}` }
}

/** Parameters by name, written as PHP's `http_build_query` does: that is what is signed, so no other writing will do. */
function formEncoded(params: Readonly<Record<string, string>>): string {
  const names = Object.keys(params).sort()
  return names.map((name) => `${phpEncoded(name)}=${phpEncoded(params[name] ?? '')}`).join('&')
}

function phpEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}
