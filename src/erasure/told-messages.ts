import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { type InboxRow, messagesFrom, type StoredMessage } from '../inbox/store.ts'
import { readForm } from '../zadarma/form.ts'
import type { Work } from './erasure.ts'
import { withoutMarks } from './traces.ts'

/* Which messages are about a person. */

const AT_ONCE = 2_000
/** A mail has up to a quarter of a megabyte in its row. */
const WHOLE_AT_ONCE = 16

/** What has to be known of a person to find messages. */
export type Sight = Pick<Work, 'query' | 'mails' | 'traces' | 'callIds'>

/** Messages that are handled: those of the person's calls, and those that came to nothing and name the person. */
export async function* messagesAbout(person: Sight): AsyncGenerator<StoredMessage[]> {
  const { query, traces, callIds } = person
  for await (const [after, until] of slicesOfInbox(query)) {
    const { rows } = await sql<InboxRow & { isOfCall: boolean }>`
      select *, coalesce(call_id = any(${callIds}::uuid[]), false) as "isOfCall" from inbox
      where id > ${after} and id <= ${until} and emptied_at is null and handled_at is not null
        and (call_id = any(${callIds}::uuid[])
          or case door when 'zadarma' then ${DIGITS} like any(${traces.patterns}::text[]) else false end)
      order by id`.execute(query)
    const ofCalls = new Set(rows.flatMap(({ id, isOfCall }) => (isOfCall ? id : [])))
    const found = messagesFrom(rows)
    const ofOthers = await messagesOfOthers(query, found)
    const told: StoredMessage[] = []
    for (const message of found) {
      if (ofCalls.has(message.id) || (!ofOthers.has(message.id) && (await tells(message, person)))) told.push(message)
    }
    yield told
  }
  if (traces.areNone) return
  // Of mails that came to nothing, only the text tells whom they are about.
  const isNothing = sql`door = 'mail' and call_id is null and handled_at is not null and emptied_at is null`
  for await (const message of eachMessage(query, isNothing)) yield (await tells(message, person)) ? [message] : []
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

/** The messages of which this is true, in their order. */
export async function* eachMessage(query: Kysely<Tables>, isOne: RawBuilder<unknown>): AsyncGenerator<StoredMessage> {
  for (let after = FIRST_ID; ; ) {
    const { rows } = await sql<InboxRow>`
      select * from inbox where id > ${after} and ${isOne} order by id limit ${WHOLE_AT_ONCE}`.execute(query)
    const last = rows.at(-1)
    if (last === undefined) return
    yield* messagesFrom(rows)
    after = last.id
  }
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
export async function tells(
  message: StoredMessage,
  { traces, mails }: Pick<Work, 'traces' | 'mails'>,
): Promise<boolean> {
  if (message.door === 'zadarma') {
    const fields = await readForm(message.headers['content-type'] ?? '', message.body)
    const texts = fields === null ? [message.body.toString('latin1')] : Object.values(fields)
    return texts.some((text) => traces.hasNumber(text))
  }
  return [...Object.values(message.headers), await mails.textOf(message)].some((text) => traces.isIn(text))
}
