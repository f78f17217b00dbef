import { reportedByMachine, withoutEmpty } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import { type Needs, NO_NEEDS } from '../attempts/read.ts'
import type { Instant } from '../time.ts'
import { withAudio } from './audio.ts'
import { type Call, type CallChanges, newCall, type Recording, sourcesOf } from './call.ts'
import { isOnlyByMail, withKey } from './join.ts'
import type { MailedAudio, MailOfCall, MailSettings } from './mail.ts'
import { withinMs } from './mail-match.ts'

/** What must be known to find the call of an e-mail, and whom it was with. */
export function needsOfMail(mail: MailOfCall, settings: MailSettings | null): Needs {
  const { provider, pbxCallId, recordings, fields } = mail
  const { phone_number, started_at } = fields
  return {
    ...NO_NEEDS,
    providerKeys: pbxCallId === null ? [] : [{ provider, provider_call_id: pbxCallId }],
    byNumber: true,
    numbers: phone_number === null ? [] : [{ phone_number, started_at }],
    recordings: namesOf(recordings).map((name) => ({ provider, provider_recording_id: name })),
    near:
      phone_number === null || started_at === null || settings === null
        ? []
        : [{ phone_number, started_at, withinMs: withinMs(settings) }],
    files: recordings.map(({ fileName }) => fileName),
    callIds: [mail.messageId],
    reviewItemIds: [mail.messageId],
  }
}

/** The provider's names of audio, as far as it has any. */
export const namesOf = (recordings: readonly MailedAudio[]): string[] =>
  recordings.flatMap(({ providerRecordingId }) => providerRecordingId ?? [])

/**
 * An e-mail without the names that other calls have, or had before they were deleted: those stay theirs (B17), whomever
 * its audio goes to.
 */
export function withoutNamesOfOthers(mail: MailOfCall, call: Call, book: Book): MailOfCall {
  const { provider, pbxCallId, recordings } = mail
  const isOfOther = (name: string): boolean => {
    const holderId = book.callIdByRecording(provider, name)
    return holderId !== undefined && holderId !== call.id
  }
  const isTaken =
    pbxCallId !== null &&
    (book.isDeleted(null, provider, pbxCallId) || book.callByProviderKey(provider, pbxCallId) !== undefined)
  return {
    ...mail,
    pbxCallId: isTaken ? null : pbxCallId,
    recordings: recordings.map((one) => {
      const { providerRecordingId: name } = one
      return name !== null && isOfOther(name) ? { ...one, providerRecordingId: null } : one
    }),
  }
}

/** A call with what an e-mail brought. */
export interface WithMail {
  call: Call
  /** Names of files with what the call had already. */
  unusedAudio: readonly string[]
}

/**
 * A call that there is with the audio of an e-mail and what it tells, which is the lowest word (B10). One that is known
 * only by e-mails gets the name that this one tells.
 */
export function withMail(stored: Call, mail: MailOfCall, matchedBy: Recording['matched_by']): WithMail {
  const { provider, pbxCallId, recordings } = mail
  const named = pbxCallId !== null && isOnlyByMail(stored) ? withKey(stored, provider, pbxCallId) : stored
  const told = reportedByMachine(named, fieldsOf(mail), 'email')
  const audio = withAudio(stored.recordings, audioOf(recordings, provider, matchedBy))
  return {
    call: { ...told, recordings: audio.recordings },
    unusedAudio: audio.duplicates.flatMap(({ file_name }) => file_name ?? []),
  }
}

/**
 * The call that an e-mail tells of, as a new one. Where nothing says which way it went, it went out. Its id is that of the
 * message: two servers that handle one message make one call.
 *
 * @param matchedBy who says that there is none: `new_call` where nothing was found
 */
export function callOfMail(
  mail: MailOfCall,
  matchedBy: 'new_call' | 'person',
  createdAt: Instant,
  now: Instant,
): WithMail {
  const { provider, pbxCallId, recordings } = mail
  const told = withoutEmpty(fieldsOf(mail))
  const audio = withAudio([], audioOf(recordings, provider, matchedBy))
  return {
    call: newCall(
      { ...told, direction: mail.direction ?? 'outbound' },
      {
        id: mail.messageId,
        provider: pbxCallId === null ? null : provider,
        provider_call_id: pbxCallId,
        sources: sourcesOf([...Object.keys(told), 'direction', ...(pbxCallId === null ? ['call'] : [])], 'email'),
        recordings: audio.recordings,
        created_at: createdAt,
        updated_at: now,
      },
    ),
    unusedAudio: audio.duplicates.flatMap(({ file_name }) => file_name ?? []),
  }
}

function fieldsOf({ fields, direction }: MailOfCall): CallChanges {
  return direction === null ? fields : { ...fields, direction }
}

/** The audio of an e-mail as recordings. */
export function audioOf(
  audio: readonly MailedAudio[],
  provider: string,
  matchedBy: Recording['matched_by'],
): Recording[] {
  return audio.map(({ id, providerRecordingId, fileName, contentType, sizeBytes, sha256 }) => ({
    id,
    provider,
    provider_recording_id: providerRecordingId,
    status: 'available',
    content_type: contentType,
    size_bytes: sizeBytes,
    file_name: fileName,
    sha256,
    matched_by: matchedBy,
  }))
}
