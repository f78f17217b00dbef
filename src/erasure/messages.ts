import { type Kysely, type RawBuilder, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import { removeFiles } from '../database/embedded-files.ts'
import type { Tables } from '../database/tables.ts'
import { EMPTIED } from '../inbox/message.ts'
import { type InboxRow, messagesFrom, type StoredMessage } from '../inbox/store.ts'
import { removeAudioOf } from '../mailbox/files.ts'
import { readForm } from '../zadarma/form.ts'
import { NotYetError, type Step, type Work } from './erasure.ts'
import { removeRecordingsOf } from './recordings.ts'
import { withoutMarks } from './traces.ts'

const AT_ONCE = 2_000
/** A mail has up to a quarter of a megabyte in its row. */
const WHOLE_AT_ONCE = 16

/** One that was tried so often may never be handled. */
const TRIES_WAITED_FOR = 5

/** What was told of the person and is not handled yet is handled first, so that its call counts; then it is one of them. */
export const awaitMessages: Step = {
  name: 'messages that wait',
  do: async (work) => {
    const { query, askedAt, mails, traces, goOn } = work
    if (traces.areNone) return
    const isOld = sql`received_at <= ${formatInstant(askedAt)}::timestamptz`
    for await (const message of eachMessage(query, sql`due_at is not null and ${isOld}`)) {
      await goOn()
      if (!(await tells(message, work))) continue
      if (message.tries < TRIES_WAITED_FOR)
        throw new NotYetError('A message that tells of the contact is handled first.')
      await emptyMessages(query, mails.folders, [message])
    }
  },
}

/** The messages of the person's calls, and those that came to nothing and name the person. */
export const emptyMessagesOf: Step = {
  name: 'messages',
  do: async (work) => {
    const { query, mails, traces, callIds, goOn } = work
    for await (const [after, until] of slicesOfInbox(query)) {
      const { rows } = await sql<InboxRow & { isOfCall: boolean }>`
        select *, coalesce(call_id = any(${callIds}::uuid[]), false) as "isOfCall" from inbox
        where id > ${after} and id <= ${until} and emptied_at is null and handled_at is not null
          and (call_id = any(${callIds}::uuid[])
            or case door when 'zadarma' then ${DIGITS} like any(${traces.patterns}::text[]) else false end)`.execute(
        query,
      )
      const ofCalls = new Set(rows.flatMap(({ id, isOfCall }) => (isOfCall ? id : [])))
      const found = messagesFrom(rows)
      const ofOthers = await messagesOfOthers(query, found)
      const told: StoredMessage[] = []
      for (const message of found) {
        if (ofCalls.has(message.id) || (!ofOthers.has(message.id) && (await tells(message, work)))) told.push(message)
      }
      await removeOfDeleted(work, told)
      await emptyMessages(query, mails.folders, told)
      await goOn()
    }
    if (!traces.areNone) await emptyMails(work)
  },
}

/** What a form says, without marks between digits, also as addresses write them. */
const DIGITS = withoutMarks(
  sql`replace(replace(replace(replace(encode(body, 'escape'), '%20', ''), '%28', ''), '%29', ''), '%2D', '')`,
)

const FIRST_ID = '00000000-0000-0000-0000-000000000000'

/** Ids between which lie so many messages, in their order. */
async function* slicesOfInbox(query: Kysely<Tables>): AsyncGenerator<readonly [after: string, until: string]> {
  for (let after = FIRST_ID; ; ) {
    const { rows } = await sql<{ id: string }>`
      select id from (select id from inbox where id > ${after} order by id limit ${AT_ONCE}) as slice
      order by id desc limit 1`.execute(query)
    const [last] = rows
    if (last === undefined) return
    yield [after, last.id]
    after = last.id
  }
}

/** Mails that came to nothing: only their text tells whom they are about. */
async function emptyMails(work: Work): Promise<void> {
  const { query, mails, goOn } = work
  const isNothing = sql`door = 'mail' and call_id is null and handled_at is not null and emptied_at is null`
  for await (const message of eachMessage(query, isNothing)) {
    if (await tells(message, work)) await emptyMessages(query, mails.folders, [message])
    await goOn()
  }
}

/** The messages of which this is true, in their order. */
async function* eachMessage(query: Kysely<Tables>, isOne: RawBuilder<unknown>): AsyncGenerator<StoredMessage> {
  for (let after = FIRST_ID; ; ) {
    const { rows } = await sql<InboxRow>`
      select * from inbox where id > ${after} and ${isOne} order by id limit ${WHOLE_AT_ONCE}`.execute(query)
    const last = rows.at(-1)
    if (last === undefined) return
    yield* messagesFrom(rows)
    after = last.id
  }
}

/** Of a deleted call that was no contact's, nothing but its messages tells whose it was. */
async function removeOfDeleted({ query, mails, goOn }: Work, told: readonly StoredMessage[]): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    update calls set erased_at = coalesce(erased_at, ${THIS_MOMENT})
    where id = any(${told.flatMap(({ callId }) => callId ?? [])}::uuid[]) and deleted_at is not null
    returning id`.execute(query)
  const ids = rows.map(({ id }) => id)
  await removeRecordingsOf({ query, mails, goOn }, ids)
}

/** Of these messages, those whose call is another contact's. */
async function messagesOfOthers(query: Kysely<Tables>, messages: readonly StoredMessage[]): Promise<Set<string>> {
  const callIds = [...new Set(messages.flatMap(({ callId }) => callId ?? []))]
  if (callIds.length === 0) return new Set()
  const { rows } = await sql<{ id: string }>`select id from calls
    where id = any(${callIds}::uuid[]) and deleted_at is null and entity_type = 'contacts' and entity_id is not null`.execute(
    query,
  )
  const ids = new Set(rows.map(({ id }) => id))
  return new Set(messages.filter(({ callId }) => callId !== null && ids.has(callId)).map(({ id }) => id))
}

/** Whether a message names the person. */
async function tells(message: StoredMessage, { traces, mails }: Pick<Work, 'traces' | 'mails'>): Promise<boolean> {
  if (message.door === 'zadarma') {
    const fields = await readForm(message.headers['content-type'] ?? '', message.body)
    const texts = fields === null ? [message.body.toString('latin1')] : Object.values(fields)
    return texts.some((text) => traces.hasNumber(text))
  }
  return [...Object.values(message.headers), await mails.textOf(message)].some((text) => traces.isIn(text))
}

/**
 * Removes what messages say; what was one stays, so that it is known again. Their files first: without its file a message
 * is found again, but a file without its message would stay.
 */
export async function emptyMessages(
  query: Kysely<Tables>,
  folders: Work['mails']['folders'],
  messages: readonly Pick<StoredMessage, 'id' | 'door' | 'fileName' | 'receivedAt'>[],
): Promise<void> {
  if (messages.length === 0) return
  await removeFiles(
    folders.mails,
    messages.flatMap(({ fileName }) => fileName ?? []),
  )
  // What tries have left, which belongs to no recording.
  await removeAudioOf(
    { query },
    folders.recordings,
    messages.filter(({ door }) => door === 'mail'),
  )
  const ids = messages.map(({ id }) => id)
  await sql`update inbox set body = '', headers = '{}', file_name = null, fault = null,
      event = case door when 'mail' then ${EMPTIED} else event end, natural_key = erased_key(natural_key),
      result = coalesce(result, 'kept'), reason = case when result is null then 'erased' else reason end,
      handled_at = coalesce(handled_at, ${THIS_MOMENT}), due_at = null, emptied_at = ${THIS_MOMENT}
    where id = any(${ids}::uuid[]) and emptied_at is null`.execute(query)
}
