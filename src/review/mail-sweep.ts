import { sql } from 'kysely'
import { SWEEP } from '../audit/actor.ts'
import type { MatchHow } from '../calls/call.ts'
import type { MailSweepOptions } from '../calls/mail-sweep.ts'
import { BY_ITSELF } from '../calls/recording-email.ts'
import { removeFiles } from '../database/embedded-files.ts'
import { decideItem } from './decide.ts'
import { findItem } from './store.ts'

const AT_ONCE = 200

/** Gives e-mails that wait for a person to the calls that their names belong to by now. Gives how many it were. */
export async function linkWaitingMails(options: Omit<MailSweepOptions, 'metrics'>): Promise<number> {
  const { database, register, folder, log } = options
  let count = 0
  for (const { itemId, callId, how } of await namedCalls(options)) {
    try {
      const item = await findItem(database, itemId)
      if (item === null || item.decision !== null) continue
      const answer = { action: 'link', call_id: callId, contact_id: null, reason: null } as const
      const result = await register.registerCallAttempt(
        decideItem(item, answer, { by: SWEEP, decidedBy: BY_ITSELF, matchedBy: how, mayLinkTo: () => true }),
      )
      if ('code' in result) continue
      await removeFiles(folder, result.unusedAudio)
      count++
    } catch (error) {
      log.warn({ err: error, messageId: itemId }, 'an e-mail could not be given to its call yet')
    }
  }
  return count
}

interface NamedCall {
  itemId: string
  callId: string
  how: MatchHow
}

/** Those whose names all belong to one call: what is at odds stays a person's. */
async function namedCalls({ database, days }: Omit<MailSweepOptions, 'metrics'>): Promise<NamedCall[]> {
  const { rows } = await sql<NamedCall & { isContradicted: boolean }>`
    select items.id as "itemId", named.call_id as "callId",
      case when named.is_call then 'pbx_call_id' else 'recording_id' end as how,
      -- It tells of one call, and its recording is another's.
      not named.is_call and named.is_of_provider and items.mail ->> 'pbxCallId' is not null as "isContradicted"
    from review_items items cross join lateral (
      select min(call_id::text) as call_id, bool_or(is_call) as is_call, bool_or(is_of_provider) as is_of_provider
      from (
        select calls.id as call_id, true as is_call, true as is_of_provider from calls
        where provider = items.mail ->> 'provider' and provider_call_id = items.mail ->> 'pbxCallId'
          and deleted_at is null and erased_at is null
        union all
        select calls.id, false, calls.provider is not null
        from jsonb_each_text(items.mail -> 'names') as names (audio_id, name)
          join recordings on recordings.provider = items.mail ->> 'provider' and provider_recording_id = name
          join calls on calls.id = call_id and deleted_at is null and erased_at is null
      ) as found
      having count(distinct call_id) = 1
    ) as named
    where decided_at is null and kind = 'unmatched_mail' and items.created_at > now() - ${days} * interval '1 day'
    order by items.created_at limit ${AT_ONCE}`.execute(database.query)
  return rows.filter(({ isContradicted }) => !isContradicted)
}
