import type { Instant } from '../time.ts'
import { decodeText } from './charset.ts'
import { decodeWords } from './encoded-words.ts'

/** What the header of a message says of it. */
export interface MailHeader {
  /** The sender's address, in lower case; null where several are named. */
  from: string | null
  subject: string | null
  date: Instant | null
  /** With its angle brackets. */
  messageId: string | null
}

/** More of a header is not looked at. */
export const HEADER_BYTES = 256 * 1024

/** Nobody writes more, and no more of it is looked at. */
const MOST_LINES = 1_000
const LONGEST_FIELD = 4_000

const FIELD = /^(from|subject|date|message-id)[ \t]*:(.*)$/i

/**
 * Reads the header of a raw message. Of fields that come twice the first counts, as in people's mail programs, but
 * for the sender.
 *
 * @param head the first bytes of the message, {@link HEADER_BYTES} at most
 */
export function readHeader(head: Buffer): MailHeader {
  const fields = new Map<string, string>()
  let current: string | null = null
  let lines = 0
  for (const line of linesOf(decodeText(head, null))) {
    if (line === '' || ++lines > MOST_LINES) break
    if (/^[ \t]/.test(line)) {
      if (current !== null) fields.set(current, `${fields.get(current)} ${line.trim()}`.slice(0, LONGEST_FIELD))
      continue
    }
    const [, name = '', value = ''] = FIELD.exec(line) ?? []
    const key = name.toLowerCase()
    current = name === '' || (fields.has(key) && key !== 'from') ? null : key
    // Two senders are several, and neither is believed.
    const before = fields.has(key) ? `${fields.get(key)},` : ''
    if (current !== null) fields.set(current, `${before}${value.trim()}`.slice(0, LONGEST_FIELD))
  }
  const text = (name: string): string | null => fields.get(name) || null
  const subject = text('subject')
  return {
    from: addressOf(text('from') ?? ''),
    subject: subject === null ? null : decodeWords(subject),
    date: dateOf(text('date') ?? ''),
    messageId: text('message-id'),
  }
}

/** One by one: a hostile header may have a hundred thousand. */
function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    const line = end < 0 ? text.slice(start) : text.slice(start, end)
    yield line.endsWith('\r') ? line.slice(0, -1) : line
    if (end < 0) return
    start = end + 1
  }
}

/**
 * The address of a field that names one, else null: of several, what checked the sender on its way may have looked at
 * another one. Names and comments are taken out first, as they may look like addresses.
 */
function addressOf(field: string): string | null {
  // What is cut off may be another one.
  if (field.length >= LONGEST_FIELD) return null
  let bare = field.replace(/"(?:[^"\\]|\\.)*"|=\?[^?\s]*\?[bq]\?[^?]*\?=/gi, ' ')
  // From within: a comment may hold comments.
  for (let before = ''; before !== bare; ) {
    before = bare
    bare = bare.replace(/\([^()]*\)/g, ' ')
  }
  const words = bare.split(/[\s<>,;:]+/).filter((word) => word.includes('@'))
  const [address = '', ...others] = new Set(words.map((word) => word.toLowerCase()))
  return others.length === 0 && /^[^@\s]+@[^@\s]+$/.test(address) ? address : null
}

/** RFC 5322, 3.3; the weekday and a comment say nothing. */
const DATE = /^(?:[a-z]{3}\w*,?\s*)?(\d{1,2}\s+[a-z]{3}\s+\d{4}\s+\d{1,2}:\d\d(?::\d\d)?)\s+([+-]\d{4}|gmt|utc?|z)\b/i

function dateOf(field: string): Instant | null {
  const [, moment, zone = ''] = DATE.exec(field) ?? []
  if (moment === undefined) return null
  const instant = Date.parse(`${moment} ${/^[+-]/.test(zone) ? zone : 'GMT'}`)
  return Number.isNaN(instant) ? null : instant
}
