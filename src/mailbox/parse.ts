import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type AttachmentStream, MailParser, type MessageText } from 'mailparser'
import { RecordingError } from '../recordings/error.ts'
import { keepAudio } from '../recordings/keep.ts'
import type { Instant } from '../time.ts'
import { audioIdOf } from './audio-id.ts'
import { decodeText } from './charset.ts'
import { HEADER_BYTES, readHeader } from './header.ts'
import { textOfHtml } from './html-text.ts'
import { type MailAudio, MailError, type ParsedMail } from './mail.ts'
import { isOfSystem } from './system-fault.ts'

/** Where the recordings of a message are kept. */
export interface AudioPlace {
  /** The folder of recordings. */
  folder: string
  /** Of the message. */
  messageId: string
  receivedAt: Instant
  /** The number of the try. */
  tries: number
  maximumBytes: number
}

const MOST_PARTS = 200
const MOST_HEADER_LINES = 1_000
const DEEPEST = 20
const TEXT_BYTES = 512 * 1024

/**
 * Reads a message as it streams by, and keeps its recordings: of what it takes, no more than a part of some text is in
 * memory.
 *
 * @param head the first bytes of the same message
 * @param place null where only its text is wanted: then all of it, whichever part a person would read
 * @throws MailError where it is none, or passes a limit; an error of the file system
 */
export async function parseMail(raw: Readable, head: Buffer, place: AudioPlace | null): Promise<ParsedMail> {
  const { from, subject, date, messageId } = readHeader(head)
  const reading: Reading = { place, plain: new Text(), html: new Text(), audio: [], remarks: [] }
  try {
    for await (const part of partsOf(raw)) await readPart(part, reading)
  } catch (error) {
    throw limitOf(error) ?? error
  }
  const [plain, html] = [reading.plain.text(), reading.html.text()]
  const text = place === null ? `${plain}\n${textOfHtml(html)}` : plain.trim() === '' ? textOfHtml(html) : plain
  return { from, subject, date, messageId, text, audio: reading.audio, remarks: reading.remarks }
}

interface Reading {
  place: AudioPlace | null
  plain: Text
  html: Text
  audio: MailAudio[]
  remarks: string[]
}

/** The parts that are no parts of parts, one after the other: each has to be read before the next one comes. */
async function* partsOf(raw: Readable): AsyncGenerator<AttachmentStream> {
  const parser = new MailParser({ checksumAlgo: false, maxHeadSize: HEADER_BYTES, maxChildNodes: MOST_PARTS })
  // Text comes as a stream too, and not as one piece of whatever size.
  Object.assign(parser, { textTypes: [] })
  parser.once('headerLines', (lines) => {
    if (lines.length > MOST_HEADER_LINES) {
      parser.destroy(new MailError(`The header of the message has more than ${MOST_HEADER_LINES} lines.`))
    }
  })
  const read: { current: Readable | null } = { current: null }
  const fed = pipeline(raw, parser)
  // What is being read would wait for more of it for ever.
  fed.catch((error: Error) => read.current?.destroy(error))
  try {
    for await (const item of parser as AsyncIterable<AttachmentStream | MessageText>) {
      if (item.type !== 'attachment') continue
      // Whoever reads it is told of its end; nobody may be reading it.
      read.current = item.content.on('error', () => undefined)
      yield item
      for await (const _ of item.content);
      read.current = null
      item.release?.()
    }
    await fed
  } finally {
    raw.destroy()
    await fed.catch(() => undefined)
  }
}

async function readPart(part: AttachmentStream, reading: Reading): Promise<void> {
  const { contentType, contentDisposition, filename: name = '', partId } = part
  if ((partId ?? '').split('.').length > DEEPEST) {
    throw new MailError(`The parts of the message are nested deeper than ${DEEPEST} levels.`)
  }
  const { place } = reading
  if (isCalledAudio(contentType, name)) await (place === null ? undefined : readAudio(part, name, place, reading))
  else if (contentDisposition === 'attachment') return
  else if (contentType === 'text/plain') await reading.plain.read(part)
  else if (contentType === 'text/html') await reading.html.read(part)
}

const isCalledAudio = (contentType: string | false, name: string): boolean =>
  (contentType !== false && contentType.startsWith('audio/')) || /\.(mp3|wav|ogg)$/i.test(name.trim())

/** What is called audio and is none is said, and left out. */
async function readAudio(
  { content }: AttachmentStream,
  name: string,
  place: AudioPlace,
  reading: Reading,
): Promise<void> {
  const { folder, messageId, receivedAt: createdAt, tries, maximumBytes } = place
  const id = audioIdOf(messageId, reading.audio.length)
  try {
    // What is left of it is read, too, or the next part would never come.
    const chunks = atMost(content.iterator({ destroyOnReturn: false }), maximumBytes)
    const { sha256, ...kept } = await keepAudio(chunks, { folder, id, createdAt, tries })
    reading.audio.push({ id, name, ...kept, sha256: sha256.toString('hex') })
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error
    reading.remarks.push(`The attachment "${name}" is left out. ${error.message}`)
  }
}

async function* atMost(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.byteLength
    if (size > bytes) {
      throw new RecordingError(`It is larger than ${bytes / 1024 ** 2} MB. RECORDING_MAX_MB can be set higher.`)
    }
    yield chunk
  }
}

/** Text of parts, of which no more is kept than a person would read. */
class Text {
  readonly #pieces: string[] = []
  #room = TEXT_BYTES

  async read({ content, headers }: AttachmentStream): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of content.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      chunks.push(chunk.subarray(0, this.#room))
      this.#room -= Math.min(chunk.length, this.#room)
      if (this.#room === 0) break
    }
    const { charset = null, format = '' } = parametersOf(headers.get('content-type'))
    const text = decodeText(Buffer.concat(chunks), charset).replaceAll('\r\n', '\n')
    // A blank at its end says that a line goes on in the next one (RFC 3676), but for the mark of a signature.
    this.#pieces.push(format.toLowerCase() === 'flowed' ? text.replace(/(?<!^--) \n/gm, ' ') : text)
  }

  text(): string {
    return this.#pieces.join('\n')
  }
}

function parametersOf(value: unknown): Record<string, string | undefined> {
  const hasParameters = typeof value === 'object' && value !== null && 'params' in value
  return hasParameters ? (value.params as Record<string, string>) : {}
}

/** The parser's own limits, in our words. */
function limitOf(error: unknown): MailError | null {
  if (!(error instanceof Error) || error instanceof MailError || isOfSystem(error)) return null
  if (!('code' in error) || error.code !== 'EMAXLEN') {
    return new MailError(`The message cannot be read: ${error.message}`, { cause: error })
  }
  return new MailError(
    error.message.includes('header')
      ? `A header of the message is larger than ${HEADER_BYTES / 1024} KiB.`
      : `The message has more than ${MOST_PARTS} parts.`,
    { cause: error },
  )
}
