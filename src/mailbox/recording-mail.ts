import type { CountryCode } from 'libphonenumber-js'
import type { Instant } from '../time.ts'
import { readAccountTime } from '../zadarma/account-time.ts'
import type { ParsedMail } from './mail.ts'
import type { Wording } from './wording.ts'

export interface Fact<Value> {
  value: Value
  from: string
}

export interface RecordingMail {
  pbxCallId: Fact<string> | null
  direction: Fact<'inbound' | 'outbound' | 'internal'> | null
  phoneNumber: Fact<string> | null
  extension: Fact<string> | null
  startedAt: Fact<Instant> | null
  durationSeconds: Fact<number> | null
  summary: Fact<string> | null
  recordings: readonly { audioId: string; recordingId: Fact<string> | null }[]
  doubts: readonly string[]
}

export interface ReadMailSettings {
  zone: string
  country: CountryCode
  ownNumbers: readonly string[]
  wording: Wording
}

const FILE_NAME = /^[^-]+-(\d+\.\d+)-(\d+)-(\d{4}-\d\d-\d\d)-(\d\d)(\d\d)(\d\d)\.\w+$/

/** What a message tells of a call: by the names of its files. */
export function readRecordingMail(mail: ParsedMail, { zone, wording }: ReadMailSettings): RecordingMail {
  for (const pattern of wording.patterns) pattern.exec(mail.text)
  const from = 'file name'
  const named = mail.audio.map(({ id, name }) => ({ id, match: FILE_NAME.exec(name) }))
  const [, , extension, day, hour, minute, second] = named.find(({ match }) => match !== null)?.match ?? []
  const startedAt = day === undefined ? null : readAccountTime(`${day} ${hour}:${minute}:${second}`, zone)
  return {
    pbxCallId: null,
    direction: null,
    phoneNumber: null,
    extension: extension === undefined ? null : { value: extension, from },
    startedAt: startedAt === null ? null : { value: startedAt, from },
    durationSeconds: null,
    summary: null,
    recordings: named.map(({ id, match }) => ({
      audioId: id,
      recordingId: match?.[1] === undefined ? null : { value: match[1], from },
    })),
    doubts: [],
  }
}
