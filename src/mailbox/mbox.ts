const [LINE_FEED, CARRIAGE_RETURN, QUOTE, F] = [0x0a, 0x0d, 0x3e, 0x46]
const FROM = Buffer.from('From ')
/** No mail program quotes a line so often; what begins like this is just text. */
const MOST_QUOTES = 100

/** So many of the first bytes of a file tell whether it is an mbox. */
export const TELLING_BYTES = FROM.length

/** Whether a file with these first bytes is an mbox: several messages, each after a line that begins with `From `. */
export const isMbox = (start: Uint8Array): boolean => FROM.equals(start.subarray(0, FROM.length))

/**
 * The messages of an mbox, as they stream by: each has to be read before the next one comes, and what is left of it is
 * skipped. `>From ` at the start of a line is `From `, and so on with more quotes (mboxrd).
 */
export async function* messagesOfMbox(file: AsyncIterable<Uint8Array>): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const pieces = piecesOf(file)
  // What stands before the first line of this kind is no message.
  let isThere = await skipToMessage(pieces)
  while (isThere) {
    const message = new MessageOfMbox(pieces)
    yield message.chunks()
    isThere = await message.skip()
  }
}

/** Bytes of a message, or null where the next one begins. */
type Piece = Uint8Array | null

/** Whether another message comes. */
async function skipToMessage(pieces: AsyncIterator<Piece>): Promise<boolean> {
  for (;;) {
    const { done, value } = await pieces.next()
    if (done === true || value === null) return done !== true
  }
}

class MessageOfMbox {
  readonly #pieces: AsyncIterator<Piece>
  /** Whether another message comes after this one; null while this one goes on. */
  #isFollowed: boolean | null = null

  constructor(pieces: AsyncIterator<Piece>) {
    this.#pieces = pieces
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    while (this.#isFollowed === null) {
      const { done, value } = await this.#pieces.next()
      if (done === true || value === null) this.#isFollowed = done !== true
      else yield value
    }
  }

  /** Skips what nobody has read of it. */
  async skip(): Promise<boolean> {
    return this.#isFollowed ?? (await skipToMessage(this.#pieces))
  }
}

/** An mbox without the lines that part its messages and the empty ones before them, and without the quotes. */
async function* piecesOf(file: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  let where: 'at a start' | 'in a line' | 'in a From line' = 'at a start'
  /** The start of a line of which too little is there to tell what it is. */
  let held: Uint8Array = NOTHING
  /** It belongs to the message only if no other message follows. */
  let emptyLine: Uint8Array = NOTHING
  let mayPart = true
  for await (const chunk of file) {
    const bytes = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk])
    held = NOTHING
    let told = 0
    for (let at = 0; at < bytes.length; ) {
      if (where !== 'at a start') {
        const end = bytes.indexOf(LINE_FEED, at)
        at = end < 0 ? bytes.length : end + 1
        if (where === 'in a From line') told = at
        if (end >= 0) where = 'at a start'
        continue
      }
      const line = lineAt(bytes.subarray(at), mayPart)
      if (line.is === 'unknown') {
        if (at > told) yield bytes.subarray(told, at)
        held = bytes.subarray(at)
        told = at = bytes.length
        continue
      }
      mayPart = line.is === 'empty'
      if (at > told) yield bytes.subarray(told, at)
      if (line.is !== 'From' && emptyLine.length > 0) yield emptyLine
      emptyLine = line.is === 'empty' ? bytes.subarray(at, at + line.length) : NOTHING
      if (line.is === 'From') yield null
      told = line.is === 'text' ? at : at + line.length
      at += line.length
      if (line.is !== 'empty') where = line.is === 'From' ? 'in a From line' : 'in a line'
    }
    if (bytes.length > told) yield bytes.subarray(told)
  }
  if (held.length > 0) {
    if (emptyLine.length > 0) yield emptyLine
    yield held
  }
}

const NOTHING = new Uint8Array(0)

/** What the next line is, as far as its start tells, and how many bytes of it told it. */
interface LineStart {
  is: 'text' | 'empty' | 'quoted' | 'From' | 'unknown'
  length: number
}

function lineAt(bytes: Buffer, mayPart: boolean): LineStart {
  const [first] = bytes
  if (first === LINE_FEED) return { is: 'empty', length: 1 }
  if (first === CARRIAGE_RETURN) {
    if (bytes.length === 1) return UNKNOWN
    return bytes[1] === LINE_FEED ? { is: 'empty', length: 2 } : TEXT
  }
  if (first === QUOTE) {
    let quotes = 1
    while (bytes[quotes] === QUOTE && quotes < MOST_QUOTES) quotes++
    const isFrom = beginsWithFrom(bytes.subarray(quotes))
    if (isFrom === null) return UNKNOWN
    // One of the quotes is left out.
    return isFrom ? { is: 'quoted', length: 1 } : TEXT
  }
  if (first !== F || !mayPart) return TEXT
  const isFrom = beginsWithFrom(bytes)
  if (isFrom === null) return UNKNOWN
  if (!isFrom) return TEXT
  const end = bytes.indexOf(LINE_FEED)
  if (end < 0 && bytes.length < LONGEST_FROM) return UNKNOWN
  const line = bytes.toString('latin1', 0, Math.min(end < 0 ? bytes.length : end, LONGEST_FROM))
  return A_TIME.test(line) ? { is: 'From', length: FROM.length } : TEXT
}

const UNKNOWN: LineStart = { is: 'unknown', length: 0 }
const TEXT: LineStart = { is: 'text', length: 1 }

/** The line names a sender and when it came; a sentence that begins alike does not. */
const LONGEST_FROM = 300
const A_TIME = /\d:\d\d/

/** Null where there is too little to tell. */
function beginsWithFrom(bytes: Buffer): boolean | null {
  const start = bytes.subarray(0, FROM.length)
  if (!FROM.subarray(0, start.length).equals(start)) return false
  return start.length === FROM.length ? true : null
}
