/** A fault in what somebody sent: where, and what to do about it. */
export interface Fault {
  path: string
  message: string
}

/** What the service expects to refuse, as opposed to what breaks. */
export type RefusalCode =
  | 'malformed'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'erased'
  | 'revision_changed'
  | 'too_large'
  | 'unsupported_media_type'
  | 'range_not_satisfiable'
  | 'invalid'
  | 'too_many_requests'
  | 'broken'
  | 'bad_gateway'
  | 'unavailable'

/** An expected answer that is not the one hoped for. */
export interface Refusal {
  code: RefusalCode
  detail: string
  errors?: readonly Fault[]
  /** What a client may read beside the words: members of the problem document. */
  more?: Readonly<Record<string, unknown>>
  /** When it may be tried again. */
  retryAfterSeconds?: number
}

/** Builds a refusal. */
export function refusal(code: RefusalCode, detail: string, errors?: readonly Fault[]): Refusal {
  return errors === undefined ? { code, detail } : { code, detail, errors }
}

/** The answer to an `Idempotency-Key` that was used for something else. */
export const KEY_USED_BEFORE = refusal(
  'conflict',
  'This Idempotency-Key was used before with another request. Use a new key.',
)

/** A problem document by RFC 9457. */
export interface Problem {
  type: 'about:blank'
  title: string
  status: number
  detail: string
  errors?: Fault[]
}

const STATUS: Readonly<Record<RefusalCode, { status: number; title: string }>> = {
  malformed: { status: 400, title: 'Bad Request' },
  unauthorized: { status: 401, title: 'Unauthorized' },
  forbidden: { status: 403, title: 'Forbidden' },
  not_found: { status: 404, title: 'Not Found' },
  method_not_allowed: { status: 405, title: 'Method Not Allowed' },
  conflict: { status: 409, title: 'Conflict' },
  erased: { status: 410, title: 'Gone' },
  revision_changed: { status: 412, title: 'Precondition Failed' },
  too_large: { status: 413, title: 'Content Too Large' },
  unsupported_media_type: { status: 415, title: 'Unsupported Media Type' },
  range_not_satisfiable: { status: 416, title: 'Range Not Satisfiable' },
  invalid: { status: 422, title: 'Unprocessable Content' },
  too_many_requests: { status: 429, title: 'Too Many Requests' },
  broken: { status: 500, title: 'Internal Server Error' },
  bad_gateway: { status: 502, title: 'Bad Gateway' },
  unavailable: { status: 503, title: 'Service Unavailable' },
}

/** The one table from a refusal to its answer. */
export function problemOf({ code, detail, errors, more }: Refusal): Problem {
  const faults = errors === undefined ? {} : { errors: [...errors] }
  return { type: 'about:blank', ...STATUS[code], detail, ...faults, ...more }
}

/** So many of something, in words: `1 call`, `2 calls`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
