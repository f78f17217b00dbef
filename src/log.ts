import pino, { type DestinationStream, type Level, type Logger } from 'pino'

/**
 * The service's log. Whatever is told to it, no line has a key, a cookie, a link, a password of an address, or more than the
 * last three digits of a telephone number (S7).
 */
export function createLog(
  level: Level | 'silent',
  destination: DestinationStream = pino.destination({ dest: 2, sync: false }),
): Logger {
  return pino({ level, serializers: { err: errorFields }, hooks: { streamWrite: masked } }, destination)
}

/** What the database says of a row that it refuses has the row in it. */
const ROW_REFUSED = /^2[23]/

function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const fields = pino.stdSerializers.err(error)
  const isRow = typeof fields.code === 'string' && ROW_REFUSED.test(fields.code)
  return isRow ? { ...fields, detail: undefined, where: undefined, internalQuery: undefined } : fields
}

/** Keys of ours, whatever stands behind `Bearer`, passwords within addresses, cookies, links, and what authenticators read. */
const SECRETS: readonly [RegExp, string][] = [
  [/\bfc_[\w-]{16,}/g, 'fc_…'],
  [/\b(Bearer|Basic) +[^\s"\\]+/gi, '$1 …'],
  [/(\b[a-z][\w+.-]*:\/\/[^\s:/@"\\]*:)[^\s@/"\\]+@/gi, '$1…@'],
  [/\b(first_call(?:_two_factor)?=)[^\s;,"\\]+/g, '$1…'],
  [/([#?&](?:token|secret)=)[^\s&#"\\]+/gi, '$1…'],
]

/**
 * A telephone number in any writing: seven digits or more behind a `+`, nine or more without one, with the blanks and
 * marks that people put between. None are the time of a line, a UUID, a moment, and the PBX's names of recordings
 * (`1772442901.55`).
 */
const NUMBER =
  /(?<!"time":|[\w-]|\w\.)(?!\d{10}\.\d+(?![\d.]))(\+\d(?:[ ().-]{0,2}\d){3,14}|\d(?:[ ().-]{0,2}\d){5,14})(?![\w:-]|\.\d)/g
const LAST_DIGITS = 3

/** A line of the log without what nobody is to read there. */
export function masked(line: string): string {
  const withoutKeys = SECRETS.reduce((text, [secret, instead]) => text.replace(secret, instead), line)
  return withoutKeys.replace(NUMBER, (number) => {
    const digits = number.replace(/\D/g, '')
    return digits.length < (number.startsWith('+') ? 7 : 9) ? number : `…${digits.slice(-LAST_DIGITS)}`
  })
}
