import type { AudioType } from '../recordings/audio.ts'
import type { Instant } from '../time.ts'

/** A message as far as it matters here, decoded: plain data, which can go from one thread to another. */
export interface ParsedMail {
  /** The sender's address, in lower case. */
  from: string | null
  subject: string | null
  /** What its Date header says. */
  date: Instant | null
  messageId: string | null
  /** Text of the plain part; else of the HTML, a line per block and per table row, its cells parted by a tab. */
  text: string
  audio: readonly MailAudio[]
  /** What was left out, as sentences: too large, no audio. */
  remarks: readonly string[]
}

/** An audio part, as it was stored. */
export interface MailAudio {
  /** Of the recording that it becomes. */
  id: string
  /** The decoded file name as it was sent; may be empty. */
  name: string
  /** In the folder of recordings. */
  fileName: string
  contentType: AudioType['contentType']
  sizeBytes: number
  /** In hexadecimal digits. */
  sha256: string
}

/** Thrown for a fault of the message itself. The message is for people. */
export class MailError extends Error {
  override name = 'MailError'
}
