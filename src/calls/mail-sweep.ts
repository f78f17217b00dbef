import { sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Change } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import type { Register } from '../attempts/register.ts'
import { SWEEP } from '../audit/actor.ts'
import type { Database } from '../database/database.ts'
import type { Metrics } from '../metrics.ts'
import { linkWaitingMails } from '../review/mail-sweep.ts'
import { isSameByStart, isToldByEnd, joined, withAllOf } from './join.ts'

export interface MailSweepOptions {
  database: Database
  register: Register
  metrics: Metrics
  /** The folder of recordings, absolute. */
  folder: string
  /** E-mails that wait for a person are looked at for so many days. */
  days: number
  log: { warn: (fields: object, message: string) => void }
}

/**
 * Looks again at what e-mails told: joins the calls that they made with those that the PBX told of at the same moment
 * (B17), and gives waiting ones to the calls that their names belong to by now. Gives how many it were.
 */
export async function sweepMailCalls(options: MailSweepOptions): Promise<number> {
  const [joinedCalls, linkedMails] = [await joinMissed(options), await linkWaitingMails(options)]
  options.metrics.mailCalls.inc({ result: 'joined' }, joinedCalls)
  options.metrics.mailCalls.inc({ result: 'linked' }, linkedMails)
  return joinedCalls + linkedMails
}

const AT_ONCE = 200

/** A transaction of either may have taken a while. */
const OVERLAP = sql`interval '1 minute'`

/** Calls of e-mails that have changed since the last look, and those near them of which the PBX has told the end. */
async function joinMissed({ database, register, log }: MailSweepOptions): Promise<number> {
  const { rows: clock } = await sql<{ now: number }>`select clock_timestamp() as now`.execute(database.query)
  const { rows } = await sql<{ mailCall: string; call: string }>`
    select mail_calls.id as "mailCall", told.id as call
    from calls mail_calls join calls told on told.phone_number = mail_calls.phone_number
      and told.happened_at between mail_calls.happened_at - interval '1 minute'
        and mail_calls.happened_at + interval '1 minute'
    where mail_calls.provider is null and mail_calls.deleted_at is null
      and mail_calls.sources ->> 'call' = 'email'
      and mail_calls.updated_at >= (select swept_until from sweep_marks where name = 'mails') - ${OVERLAP}
      and told.provider is not null and told.deleted_at is null
      and told.sources @? '$.* ? (@ == "end" || @ == "statistics")'
    order by abs(extract(epoch from told.happened_at - mail_calls.happened_at)), mail_calls.created_at, mail_calls.id
    limit ${AT_ONCE}`.execute(database.query)
  let count = 0
  let hasFailed = false
  // One after the other: the nearest first, which may leave nothing for those further away.
  for (const { mailCall, call } of rows) {
    try {
      if (await register.registerCallAttempt(joinCalls(mailCall, call))) count++
    } catch (error) {
      hasFailed = true
      log.warn({ err: error, callId: call }, 'a call could not be joined with that of its e-mail yet')
    }
  }
  const now = clock[0]?.now
  if (count === 0 && !hasFailed && now !== undefined) {
    await sql`update sweep_marks set swept_until = ${formatInstant(now)} where name = 'mails'`.execute(database.query)
  }
  return count
}

/** Makes one of two records that are one call (B17). Its result is whether they were. */
function joinCalls(mailCallId: string, callId: string): Change<boolean> {
  return {
    by: SWEEP,
    needs: { ...NO_NEEDS, callIds: [mailCallId, callId] },
    // Only the whole will do: it gives an attempt back.
    plan: (book) => {
      const [mailCall, call] = [book.call(mailCallId), book.call(callId)]
      const areSame = mailCall !== undefined && call !== undefined && isToldByEnd(call) && isSameByStart(mailCall, call)
      if (!areSame) return { result: false, restsOn: [mailCallId, callId] }
      return { ...joined(book, withAllOf(call, mailCall), call, mailCall), result: true }
    },
  }
}
