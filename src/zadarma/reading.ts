import { ZadarmaError } from './error.ts'
import type { Answer } from './exchange.ts'

/** An answer that says success, with what else it says. */
export type Body = Readonly<Record<string, unknown>>

/** What an answer means: a success, a refusal, or a reason to try again. */
export type Reading =
  | { is: 'success'; body: Body }
  | { is: 'limited'; waitMs: number }
  | { is: 'broken'; error: ZadarmaError }
  | { is: 'final'; error: ZadarmaError }

const LONGEST_MESSAGE = 300

/** Reads an answer by its HTTP status and its own one, which need not agree. */
export function readAnswer(answer: Answer, now: number): Reading {
  const { status, headers, text } = answer
  const body = parsed(text)
  const said = messageOf(body)
  if (status === 429 || (isError(body) && RATE_LIMIT.test(said))) {
    return { is: 'limited', waitMs: msUntilReset(headers, now) }
  }
  if (status >= 500) {
    const error = new ZadarmaError('unreachable', `Zadarma has a fault (HTTP ${status})${withWords(said)}`)
    return { is: 'broken', error }
  }
  if (status === 401 || (isError(body) && NOT_AUTHORIZED.test(said))) {
    const hint = 'Zadarma does not accept the key and the secret. Are ZADARMA_KEY and ZADARMA_SECRET right?'
    return { is: 'final', error: new ZadarmaError('unauthorized', hint) }
  }
  if (status >= 400 || isError(body)) {
    return { is: 'final', error: new ZadarmaError('refused', `Zadarma refuses (HTTP ${status})${withWords(said)}`) }
  }
  if (body === null) {
    const message = `What answers as Zadarma (HTTP ${status}) does not answer in JSON. Is ZADARMA_API_URL right?`
    return { is: 'final', error: new ZadarmaError('bad_answer', message) }
  }
  return { is: 'success', body }
}

const RATE_LIMIT = /rate.?limit|too many requests/i
const NOT_AUTHORIZED = /not authori[sz]ed|unauthori[sz]ed|wrong (signature|key)/i

const isError = (body: Body | null): boolean => body?.status === 'error'

const withWords = (message: string): string => (message === '' ? '.' : `: ${message}`)

/** Zadarma's own words, in one line and not too long. */
function messageOf(body: Body | null): string {
  const message = typeof body?.message === 'string' ? body.message : ''
  return message
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_MESSAGE)
}

/**
 * An id may come as a number, and its trailing zeros count: it is read as text. Within a text its name would have a
 * backslash before the second quotation mark.
 */
const ID_AS_NUMBER = /("(?:call_id|call_id_with_rec)"\s*:\s*)(\d+(?:\.\d+)?)(?=\s*[,}])/g

function parsed(text: string): Body | null {
  try {
    const value: unknown = JSON.parse(text.replace(ID_AS_NUMBER, '$1"$2"'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : null
  } catch {
    return null
  }
}

/** Below, it is a number of seconds; above, a moment in seconds or milliseconds. */
const [FIRST_MOMENT, FIRST_MOMENT_MS] = [1e9, 1e12]

/** Until the limit has room again, by `X-RateLimit-Reset` or `Retry-After`; infinite where neither says. */
function msUntilReset(headers: Headers, now: number): number {
  const reset = Number(headers.get('x-ratelimit-reset') || headers.get('retry-after') || Number.NaN)
  if (!(reset >= 0)) return Number.POSITIVE_INFINITY
  if (reset < FIRST_MOMENT) return reset * 1_000
  return Math.max(0, (reset < FIRST_MOMENT_MS ? reset * 1_000 : reset) - now)
}
