import { formatInstant } from '../attempts/attempt.ts'
import type { MailOfCall } from '../calls/mail.ts'
import { PROVIDER } from '../zadarma/call-ids.ts'
import type { ReadMail } from './parser.ts'
import type { Fact } from './recording-mail.ts'

/** What a message tells, as a call takes it. */
export function mailOfCall(messageId: string, { mail, facts }: ReadMail): MailOfCall {
  const { pbxCallId, direction, phoneNumber, extension, startedAt, durationSeconds, summary } = facts
  const recordingIds = new Map(facts.recordings.map(({ audioId, recordingId }) => [audioId, recordingId]))
  const started: Fact<string> | null =
    startedAt === null ? null : { value: formatInstant(startedAt.value), from: startedAt.from }
  const told: Record<string, Fact<string | number> | null | undefined> = {
    pbx_call_id: pbxCallId,
    direction,
    phone_number: phoneNumber,
    extension,
    started_at: started,
    duration_seconds: durationSeconds,
    resumen_llamada: summary,
    recording_id: facts.recordings.find(({ recordingId }) => recordingId !== null)?.recordingId,
  }
  return {
    messageId,
    provider: PROVIDER,
    pbxCallId: pbxCallId?.value ?? null,
    direction: direction?.value ?? null,
    fields: {
      phone_number: phoneNumber?.value ?? null,
      extension: extension?.value ?? null,
      started_at: startedAt?.value ?? null,
      duration_seconds: durationSeconds?.value ?? null,
      resumen_llamada: summary?.value ?? null,
    },
    recordings: mail.audio.map(({ id, fileName, contentType, sizeBytes, sha256 }) => ({
      id,
      providerRecordingId: recordingIds.get(id)?.value ?? null,
      fileName,
      contentType,
      sizeBytes,
      sha256,
    })),
    hasLeftOut: mail.remarks.length > 0,
    told: Object.fromEntries(Object.entries(told).flatMap(([name, fact]) => (fact == null ? [] : [[name, fact]]))),
    // A person who looks for a recording that was left out has to know why.
    doubts: [...facts.doubts, ...mail.remarks],
  }
}
