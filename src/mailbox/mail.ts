import type { AudioType } from '../recordings/audio.ts'
import type { Instant } from '../time.ts'

/** A message as its parser understood it; plain data. */
export interface ParsedMail {
  /** The address, in lower case. */
  from: string | null
  subject: string | null
  /** Of its header. */
  date: Instant | null
  messageId: string | null
  /** Text of the plain part; else of the HTML, a line per block and per table row (cells parted by a tab). */
  text: string
  audio: readonly MailAudio[]
  /** What was left out, as sentences: too large, no audio. */
  remarks: readonly string[]
}

/** A recording that came with a message, kept as a file. */
export interface MailAudio {
  /** Of the recording that it becomes. */
  id: string
  /** The decoded name of the file as it was sent; it may be empty. */
  name: string
  /** In the folder of recordings. */
  fileName: string
  contentType: AudioType['contentType']
  sizeBytes: number
  /** In hexadecimal digits. */
  sha256: string
}

/** Thrown for a fault of the message itself. Its message is for people. */
export class MailError extends Error {
  override name = 'MailError'
}

/** Thrown for a message of more bytes than are taken. */
export class MailTooLargeError extends MailError {
  override name = 'MailTooLargeError'
  /** Its first bytes, among them the header. */
  readonly head: Buffer

  constructor(message: string, head: Buffer) {
    super(message)
    this.head = head
  }
}
