import { type Kysely, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import { BY_ITSELF } from '../calls/recording-email.ts'
import type { Tables } from '../database/tables.ts'
import { emptyMessages } from '../inbox/empty.ts'
import { findMessage } from '../inbox/store.ts'
import type { KeptMail, ReviewItem } from '../review/item.ts'
import { findItem } from '../review/store.ts'
import { emptyAuditOf } from './audit.ts'
import type { Step, Work } from './erasure.ts'
import { removeRecordingsOfItem } from './recordings.ts'
import type { Sight } from './told-messages.ts'

const EMPTY_REASON = 'The person whom this was about was erased.'

/** What a person had to decide about the person's calls, or about mails that name the person: nothing is left to decide. */
export const emptyReviewItems: Step = {
  name: 'items of the review list',
  do: async (work) => {
    for await (const item of itemsAbout(work)) {
      await removeRecordingsOfItem(work.query, work.mails.folders.recordings, item.id)
      if (item.mail !== undefined) await emptyMessageOf(item.id, work)
      await emptyAuditOf(work.query, [item.id])
      // Last: by what it says it is found again.
      await emptyItem(work.query, item)
      await work.goOn()
    }
  },
}

/** Items that are about the person's calls, or about mails that name the person. */
export async function* itemsAbout(person: Sight): AsyncGenerator<ReviewItem> {
  for (const id of await itemsOf(person)) {
    const item = await findItem(person, id)
    if (item !== null && (await isAbout(item, person))) yield item
  }
}

/** Those that may be: there are few. */
async function itemsOf({ query, callIds }: Sight): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from review_items where reason <> ${EMPTY_REASON}
      and (mail is not null or call_id = any(${callIds}::uuid[]) or exists (
        select from jsonb_array_elements(candidates) as one (candidate)
        where candidate ->> 'call_id' = any(${callIds}::text[])))
    order by id`.execute(query)
  return rows.map(({ id }) => id)
}

/** Of a mail, its call or what it says tells. */
async function isAbout(item: ReviewItem, { query, callIds, traces }: Sight): Promise<boolean> {
  const candidates = item.mail === undefined ? item.candidates.map(({ call_id }) => call_id) : []
  const named = new Set([item.call_id, item.decision?.call_id, ...candidates])
  if (callIds.some((id) => named.has(id))) return true
  if (item.mail === undefined) return false
  const { pbxCallId, provider, names } = item.mail.kept
  const { rows } = await sql`
    select from inbox where id = ${item.id} and call_id = any(${callIds}::uuid[])
    union all
    select from calls where id = any(${callIds}::uuid[]) and provider = ${provider} and provider_call_id = ${pbxCallId}
    union all
    select from recordings where call_id = any(${callIds}::uuid[]) and provider = ${provider}
      and provider_recording_id = any(${Object.values(names)}::text[])
    limit 1`.execute(query)
  return rows.length > 0 || traces.isIn(textOf(item))
}

/** All that it says, word for word. */
function textOf({ mail, reason, decision }: ReviewItem): string {
  const told = mail === undefined ? [] : [mail.kept.subject, mail.kept.from, ...mail.kept.doubts]
  const values = Object.values(mail?.kept.told ?? {}).map(({ value }) => String(value))
  const { phone_number = null, resumen_llamada = null } = mail?.kept.fields ?? {}
  return [reason, decision?.reason, ...told, ...values, phone_number, resumen_llamada]
    .filter((text) => text != null)
    .join('\n')
}

async function emptyMessageOf(id: string, { query, mails }: Work): Promise<void> {
  const message = await findMessage({ query }, id)
  if (message !== null && !message.isEmptied) await emptyMessages(query, mails.folders, [message])
}

async function emptyItem(query: Kysely<Tables>, { id, mail, decision }: ReviewItem): Promise<void> {
  const at = formatInstant(Date.now())
  const dismissed = { action: 'dismiss', call_id: null, contact_id: null, reason: null, by: BY_ITSELF, at }
  const kept = mail === undefined ? null : JSON.stringify(emptyMail(mail.kept))
  await sql`update review_items set reason = ${EMPTY_REASON}, candidates = '[]', mail = ${kept}::jsonb,
      decision = coalesce(decision || '{"reason": null}', ${JSON.stringify(decision ?? dismissed)}::jsonb),
      decided_at = coalesce(decided_at, ${at}::timestamptz)
    where id = ${id}`.execute(query)
}

/** What is kept of a mail of which nothing is kept. */
const emptyMail = ({ provider, received_at }: KeptMail): KeptMail => ({
  provider,
  received_at,
  pbxCallId: null,
  direction: null,
  fields: { phone_number: null, extension: null, started_at: null, duration_seconds: null, resumen_llamada: null },
  hasLeftOut: false,
  told: {},
  doubts: [],
  subject: null,
  from: null,
  names: {},
})
