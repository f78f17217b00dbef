import { isAscii, isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { TransferError } from './error.ts'

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

const HEAD_BYTES = 4_096
const LINE_FEED = 0x0a

/** What is no text, by its first bytes, and what to do about it. */
const NO_TEXT: readonly (readonly [string, string])[] = [
  ['504b0304', 'is an Excel workbook. Save it in Excel as "CSV UTF-8".'],
  ['d0cf11e0', 'is an old Excel workbook. Save it in Excel as "CSV UTF-8".'],
  ['1f8b', 'is compressed. Unpack it with gunzip.'],
  ['25504446', 'is a PDF.'],
]

/**
 * Tells how a file's text is encoded: by its mark, else UTF-8 where all of it is that, else Windows-1252 (which has
 * Latin-1's letters).
 *
 * @throws TransferError where it is no text, or a mixture of both
 */
export async function encodingOf(file: string): Promise<Encoding> {
  const head = await headOf(file)
  if (head.length === 0) throw new TransferError(`${file} is empty.`)
  for (const [start, what] of NO_TEXT)
    if (head.toString('hex').startsWith(start)) throw new TransferError(`${file} ${what}`)
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  if (head.includes(0)) {
    throw new TransferError(`${file} is no text, or UTF-16 without its mark. Save it as CSV in UTF-8.`)
  }
  const { proper, faulty, firstFaulty } = await linesIn(file)
  if (faulty === 0) return 'utf-8'
  // A few lines of Latin-1 may happen to be UTF-8; most of them never are.
  if (proper <= faulty) return 'windows-1252'
  throw new TransferError(
    `${file} is in UTF-8, but for ${faulty === 1 ? 'one line' : `${faulty} lines`}: line ${firstFaulty} is not. ` +
      'It was put together from files of different encodings; save each of them in UTF-8.',
  )
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    if (!(await handle.stat()).isFile())
      throw new TransferError(`${file} is no ordinary file, and has to be read twice.`)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Of the lines with letters beyond ASCII: how many are UTF-8, and how many are not. */
async function linesIn(file: string): Promise<{ proper: number; faulty: number; firstFaulty: number }> {
  const counts = { proper: 0, faulty: 0, firstFaulty: 0 }
  let line = 1
  for await (const part of partsOf(file)) {
    const isPlain = isAscii(part)
    const isFaulty = !isPlain && !isUtf8(part)
    for (let at = 0; at < part.length; ) {
      const end = part.indexOf(LINE_FEED, at)
      const text = part.subarray(at, end < 0 ? part.length : end)
      if (isFaulty && !isUtf8(text)) {
        counts.faulty++
        counts.firstFaulty ||= line
      } else if (!isPlain && !isAscii(text)) counts.proper++
      if (end >= 0) line++
      at = end < 0 ? part.length : end + 1
    }
  }
  return counts
}

/** The bytes of a file, in parts that cut no character of UTF-8 in two: each ends with one of ASCII. */
async function* partsOf(file: string): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0)
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([held, chunk])
    const line = bytes.lastIndexOf(LINE_FEED) + 1
    const cut = line > 0 ? line : afterLastAscii(bytes)
    if (cut > 0) yield bytes.subarray(0, cut)
    held = bytes.subarray(cut)
  }
  if (held.length > 0) yield held
}

const LONGEST_HELD = 1024 * 1024

function afterLastAscii(bytes: Buffer): number {
  for (let at = bytes.length; at > 0; at--) if ((bytes[at - 1] ?? 0) < 0x80) return at
  return bytes.length > LONGEST_HELD ? bytes.length : 0
}

/** The file's text as it streams by, without the mark of its encoding. */
export async function* textOf(
  file: string,
  encoding: Encoding,
  onBytes: (count: number) => void = () => undefined,
): AsyncGenerator<string> {
  const decode = decoderFor(encoding)
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    onBytes(chunk.length)
    yield decode(chunk)
  }
  yield decode(null)
}

/** What it is given in null is the end. */
function decoderFor(encoding: Encoding): (bytes: Buffer | null) => string {
  if (encoding === 'windows-1252') return (bytes) => (bytes === null ? '' : fromWindows1252(bytes))
  // It leaves the mark out.
  const decoder = new TextDecoder(encoding, { fatal: encoding === 'utf-8' })
  return (bytes) => (bytes === null ? decoder.decode() : decoder.decode(bytes, { stream: true }))
}

/** What Windows-1252 has where Latin-1 has control characters. (Some versions of Node's own decoder forget it.) */
const BEYOND_LATIN_1 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

const fromWindows1252 = (bytes: Buffer): string =>
  bytes
    .toString('latin1')
    .replace(/[\u0080-\u009f]/g, (letter) => BEYOND_LATIN_1[letter.charCodeAt(0) - 0x80] ?? letter)
