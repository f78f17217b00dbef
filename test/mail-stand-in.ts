import { createHash } from 'node:crypto'
import type { Plan } from '../src/attempts/change.ts'
import { NO_NEEDS } from '../src/attempts/read.ts'
import type { MailReported } from '../src/calls/mail.ts'
import type { processRecordingEmail } from '../src/calls/recording-email.ts'
import { createOrUpdateCall, type Reported } from '../src/calls/report.ts'

/* What mails come to, in its simplest form: for tests of how they come in. */

/** The call that a recording's name makes. */
export const callIdOf = (recordingId: string): string => `out_${createHash('sha1').update(recordingId).digest('hex')}`

/** A recording with a name is that of one call; of one without a name a person decides; without one, nothing is done. */
export const processMail: typeof processRecordingEmail = (mail, message, _settings, by) => {
  const files = mail.recordings.map(({ fileName }) => fileName)
  const names = mail.recordings.flatMap(({ providerRecordingId }) => providerRecordingId ?? [])
  const [name] = names
  if (name === undefined) {
    const isForPerson = files.length > 0
    const result: MailReported = {
      result: 'kept',
      reason: isForPerson ? 'review' : 'no_recording',
      callId: null,
      became: isForPerson ? 'review' : 'set_aside',
      how: null,
      unusedAudio: isForPerson ? [] : files,
    }
    return {
      by,
      needs: NO_NEEDS,
      plan: () => ({
        result,
        restsOn: [],
        message: { ...message, result: 'kept', reason: result.reason, callId: null },
      }),
    }
  }
  const change = createOrUpdateCall(
    {
      provider: mail.provider,
      provider_call_id: callIdOf(name),
      machine: 'email',
      fields: { direction: mail.direction ?? 'outbound', ...mail.fields },
      recordingIds: names,
      isRecorded: true,
    },
    by,
    message,
  )
  const became = { new: 'new_call', changed: 'attached', unchanged: 'duplicate' } as const
  const told = (plan: Plan<Reported>): Plan<MailReported> => {
    const { news, ...result } = plan.result
    const unusedAudio = news === 'unchanged' ? files : []
    return { ...plan, result: { ...result, became: became[news], how: null, unusedAudio } }
  }
  return {
    by,
    needs: change.needs,
    plan: (book) => told(change.plan(book)),
    planWithoutRegistering: (book) => {
      const plan = change.planWithoutRegistering?.(book) ?? null
      return plan === null ? null : told(plan)
    },
  }
}
