import { createHash, type Hash } from 'node:crypto'

const [LINE_FEED, CARRIAGE_RETURN] = [0x0a, 0x0d]
const PIECE = Buffer.alloc(64 * 1024, LINE_FEED)

/**
 * The hash of what a message says, taken while it streams by: of what follows its first empty line, without carriage
 * returns and without the line breaks at its end, so that copies from a mailbox and from an mbox file are the same. A
 * message without an empty line is hashed whole.
 */
export class BodyHash {
  readonly #body = createHash('sha256')
  readonly #whole = createHash('sha256')
  #isInBody = false
  #isLineEmpty = true
  /** Line feeds that count only if something follows. */
  #pending = 0

  update(chunk: Uint8Array): void {
    const bytes = withoutReturns(chunk)
    let start = 0
    if (!this.#isInBody) {
      start = this.#endOfHeader(bytes)
      this.#whole.update(bytes.subarray(0, start))
    }
    if (this.#isInBody) this.#add(bytes.subarray(start))
  }

  /** In hexadecimal digits. */
  digest(): string {
    return (this.#isInBody ? this.#body : this.#whole).digest('hex')
  }

  /** Where the body begins within these bytes, or their end. */
  #endOfHeader(bytes: Uint8Array): number {
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(LINE_FEED, start)
      if (end < 0) {
        this.#isLineEmpty = false
        return bytes.length
      }
      this.#isInBody = this.#isLineEmpty && end === start
      this.#isLineEmpty = true
      start = end + 1
      if (this.#isInBody) return start
    }
    return bytes.length
  }

  #add(bytes: Uint8Array): void {
    let end = bytes.length
    while (end > 0 && bytes[end - 1] === LINE_FEED) end--
    if (end > 0) {
      addLineFeeds(this.#body, this.#pending)
      this.#body.update(bytes.subarray(0, end))
      this.#pending = 0
    }
    this.#pending += bytes.length - end
  }
}

function withoutReturns(chunk: Uint8Array): Uint8Array {
  if (!chunk.includes(CARRIAGE_RETURN)) return chunk
  const kept = new Uint8Array(chunk.length)
  let length = 0
  for (let start = 0; start < chunk.length; ) {
    const end = chunk.indexOf(CARRIAGE_RETURN, start)
    const piece = chunk.subarray(start, end < 0 ? chunk.length : end)
    kept.set(piece, length)
    length += piece.length
    start += piece.length + 1
  }
  return kept.subarray(0, length)
}

function addLineFeeds(hash: Hash, count: number): void {
  for (let left = count; left > 0; left -= PIECE.length) hash.update(PIECE.subarray(0, Math.min(left, PIECE.length)))
}
