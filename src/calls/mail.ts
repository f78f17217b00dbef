import type { MessageResult } from '../inbox/message.ts'
import type { Instant } from '../time.ts'
import type { Call, MatchHow } from './call.ts'

/** What a recording e-mail tells of a call. */
export interface MailOfCall {
  /** Its id in the inbox. */
  messageId: string
  provider: 'zadarma'
  pbxCallId: string | null
  direction: Call['direction'] | null
  fields: {
    phone_number: string | null
    extension: string | null
    started_at: Instant | null
    duration_seconds: number | null
    resumen_llamada: string | null
  }
  /** Its audio, in files already. */
  recordings: readonly MailedAudio[]
  /** Whether it brought a recording that could not be kept. */
  hasLeftOut: boolean
  /** What was found, and where in the message, for a person who decides. */
  told: Readonly<Record<string, { value: string | number; from: string }>>
  /** What is not clear in the message, a sentence each. */
  doubts: readonly string[]
}

export interface MailedAudio {
  /** Of the recording that it becomes: the same whenever the message is handled. */
  id: string
  providerRecordingId: string | null
  /** In the folder of recordings. */
  fileName: string
  contentType: string
  sizeBytes: number
  /** In hexadecimal digits. */
  sha256: string
}

export interface MailSettings {
  /** So far may the start in an e-mail be from that of its call. */
  matchMinutes: number
}

/** What an e-mail came to. */
export interface MailReported extends MessageResult {
  became: 'attached' | 'new_call' | 'review' | 'set_aside' | 'duplicate'
  /** How it found a call that there was. */
  how: MatchHow | null
  /** Names of its files that nothing refers to. */
  unusedAudio: readonly string[]
}
