import type { Change, Plan } from '../attempts/change.ts'
import { NO_NEEDS, type Run } from '../attempts/read.ts'
import type { Message } from '../inbox/message.ts'
import type { Doubt } from '../review/item.ts'
import type { MailOfCall, MailReported, MailSettings } from './mail.ts'

/** Puts everything aside. */
export function processRecordingEmail(
  mail: MailOfCall,
  message: Message,
  _settings: MailSettings,
): Change<MailReported> {
  const result: MailReported = {
    result: 'kept',
    reason: 'no_recording',
    callId: null,
    became: 'set_aside',
    how: null,
    unusedAudio: mail.recordings.map(({ fileName }) => fileName),
  }
  const plan = (): Plan<MailReported> => ({
    result,
    restsOn: [],
    message: { ...message, result: result.result, reason: result.reason, callId: null },
  })
  return { needs: NO_NEEDS, plan }
}

/** What would become of an e-mail. */
export interface FoundCall extends Pick<MailReported, 'became' | 'how' | 'callId'> {
  candidates: Doubt['candidates']
  /** Why. */
  sentence: string
}

/** Matches an e-mail with what is known now, and writes nothing. */
export async function findCallOfMail(_run: Run, _mail: MailOfCall, _settings: MailSettings): Promise<FoundCall> {
  return { became: 'set_aside', how: null, callId: null, candidates: [], sentence: 'Nothing is known of its call.' }
}
