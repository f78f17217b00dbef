import { describe, expect, it } from 'vitest'
import { ACCOUNT, CALLS, type KnownCall } from '../../test/mails/calls.ts'
import { type Belonging, type MadeUpMail, parsedOf, type Understood } from '../../test/mails/message.ts'
import { MESSAGES } from '../../test/mails/messages.ts'
import { type ReadMailSettings, type RecordingMail, readRecordingMail } from './recording-mail.ts'
import { loadWording } from './wording.ts'

const wording = loadWording(null)
const settings: ReadMailSettings = { ...ACCOUNT, wording }

const readMadeUp = (mail: MadeUpMail): RecordingMail => readRecordingMail(parsedOf(mail), settings)

function understoodOf(mail: RecordingMail): Understood {
  return {
    pbxCallId: mail.pbxCallId?.value ?? null,
    direction: mail.direction?.value ?? null,
    phoneNumber: mail.phoneNumber?.value ?? null,
    extension: mail.extension?.value ?? null,
    startedAt: mail.startedAt?.value ?? null,
    durationSeconds: mail.durationSeconds?.value ?? null,
    summary: mail.summary?.value ?? null,
    recordingIds: mail.recordings.map(({ recordingId }) => recordingId?.value ?? null),
  }
}

describe('of the made-up mails', () => {
  it.each(MESSAGES.map((mail) => [mail.language, mail.title, mail] as const))('%s: %s', (_language, _title, mail) => {
    const read = readMadeUp(mail)
    expect(understoodOf(read), JSON.stringify(read, null, 1)).toStrictEqual(mail.understood)
    expect(belongingOf(read)).toStrictEqual(mail.belongsTo)
  })
})

const MINUTE = 60_000

/** To which call a mail belongs, by the naive reading of the order of matching. */
function belongingOf(mail: RecordingMail): Belonging {
  const { pbxCallId, phoneNumber, extension, startedAt, direction } = mail
  const start = startedAt?.value ?? Number.NaN
  const ids = mail.recordings.flatMap(({ recordingId }) => recordingId?.value ?? [])
  const distance = (call: KnownCall): number => Math.abs(call.startedAt - start)
  const ofNumber = CALLS.filter((call) => phoneNumber !== null && call.phoneNumber === phoneNumber.value)
  const steps: readonly (readonly [Exclude<Belonging, string>['by'], readonly KnownCall[]])[] = [
    ['pbx_call_id', CALLS.filter((call) => call.pbxCallId === pbxCallId?.value)],
    ['recording_id', CALLS.filter((call) => call.recordingIds.some((id) => ids.includes(id)))],
    [
      'number_extension_start',
      nearest(ofNumber.filter((call) => call.extension === extension?.value && distance(call) <= MINUTE)),
    ],
    ['number_start', nearest(ofNumber.filter((call) => !call.isHeard && distance(call) <= 10 * MINUTE))],
  ]
  for (const [by, [call, ...others]] of steps) {
    if (call !== undefined) return others.length === 0 ? { call: call.name, by } : 'a person decides'
  }
  return direction !== null && phoneNumber !== null ? 'a new call' : 'a person decides'

  function nearest(calls: readonly KnownCall[]): KnownCall[] {
    const least = Math.min(...calls.map(distance))
    return calls.filter((call) => distance(call) === least)
  }
}
