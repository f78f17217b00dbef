import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { sql } from 'kysely'
import { ZipFile } from 'yazl'
import { formatInstant } from '../attempts/attempt.ts'
import { historyOf } from '../audit/store.ts'
import { findCall } from '../calls/store.ts'
import { findContact } from '../contacts/store.ts'
import { itemsAbout } from '../erasure/review.ts'
import { messagesAbout } from '../erasure/told-messages.ts'
import { findMessage, type StoredMessage } from '../inbox/store.ts'
import { findOpportunity } from '../opportunities/store.ts'
import { itemBody } from '../review/schema.ts'
import { readForm } from '../zadarma/form.ts'
import type { DisclosureOptions, Holdings } from './holdings.ts'

/**
 * All that is stored about a person, as a zip file that is made while it is read: never more of it than a row or a piece
 * of a file is in memory.
 *
 * @param onFault told where it had to end before its end; what was made of it then cannot be opened
 */
export async function disclose(
  holdings: Holdings,
  options: DisclosureOptions,
  onFault: (error: unknown) => void = () => undefined,
): Promise<Readable> {
  const { database, mails } = options
  const { contactId, callIds, opportunityIds } = holdings
  const { query } = database
  const zip = new ZipFile()
  const output = zip.outputStream as Readable
  const fail = (error: unknown): void => {
    onFault(error)
    output.destroy(error instanceof Error ? error : new Error(String(error)))
  }
  zip.on('error', fail)
  // One after the other; whoever does not take it to its end leaves one open.
  let current: Readable | null = null
  output.once('close', () => current?.destroy())
  const add = (name: string, make: () => Readable): void => {
    zip.addReadStreamLazy(name, { mode: 0o100600 }, (give) => {
      if (output.destroyed) return
      current = make().on('error', fail)
      give(null, current)
    })
  }
  const list = (name: string, rows: () => AsyncIterable<unknown>): void =>
    add(name, () => Readable.from(jsonOf(rows()), { objectMode: false }))
  const each = (ids: readonly string[], find: (id: string) => Promise<unknown>): (() => AsyncIterable<unknown>) =>
    async function* () {
      for (const id of ids) {
        const row = await find(id)
        if (row !== null) yield row
      }
    }

  const person = { query, mails, traces: holdings.traces, callIds }
  const messages = await idsOf(messagesAbout(person))
  list(
    'contact.json',
    each([contactId], (id) => findContact(database, id)),
  )
  list(
    'opportunities.json',
    each(opportunityIds, (id) => findOpportunity(database, id)),
  )
  list(
    'calls.json',
    each(callIds, (id) => findCall(database, id)),
  )
  list('dial_requests.json', async function* () {
    yield* await query.selectFrom('dial_requests').selectAll().where('contact_id', '=', contactId).execute()
  })
  list('review.json', async function* () {
    for await (const item of itemsAbout(person)) yield itemBody(item)
  })
  list(
    'messages.json',
    each(messages, async (id) => bodyOf(await findMessage(database, id))),
  )
  list('audit.json', () => auditOf(holdings, options))
  for (const id of messages) {
    const message = await findMessage(database, id)
    if (message === null || message.isEmptied) continue
    const { fileName } = message
    const file = fileName === null ? null : path.join(mails.folders.mails, fileName)
    if (file !== null && !(await isThere(file))) continue
    add(`messages/${id}.${ENDING[message.door]}`, () =>
      file === null ? Readable.from(rawOf(id, options), { objectMode: false }) : createReadStream(file),
    )
  }
  for await (const { name, file } of audioOf(holdings, options)) add(name, () => createReadStream(file))
  zip.end()
  return output
}

const ENDING = { zadarma: 'txt', mail: 'eml' } as const

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

/** A list of JSON, a row on each line. */
async function* jsonOf(rows: AsyncIterable<unknown>): AsyncGenerator<string> {
  let start = '[\n'
  for await (const row of rows) {
    yield `${start}${JSON.stringify(row)}`
    start = ',\n'
  }
  yield start === '[\n' ? '[]\n' : '\n]\n'
}

async function idsOf(pages: AsyncIterable<readonly StoredMessage[]>): Promise<string[]> {
  const ids: string[] = []
  for await (const page of pages) ids.push(...page.map(({ id }) => id))
  return ids
}

async function bodyOf(message: StoredMessage | null): Promise<unknown> {
  if (message === null) return null
  const { id, door, receivedAt, event, headers, body, result, reason, callId } = message
  const fields = door === 'zadarma' ? await readForm(headers['content-type'] ?? '', body) : null
  return { id, door, received_at: formatInstant(receivedAt), event, headers, fields, result, reason, call_id: callId }
}

/** Looked up when its turn comes: there may be many. */
async function* rawOf(id: string, { database }: DisclosureOptions): AsyncGenerator<Buffer> {
  const message = await findMessage(database, id)
  if (message !== null) yield message.body
}

const PAGE = 200

/** Of the contact, the opportunities, the calls and their recordings, and whatever else was about the person. */
async function* auditOf({ contactId, callIds, opportunityIds }: Holdings, { database }: DisclosureOptions) {
  const { rows } = await sql<{ id: string }>`
    select id from recordings where call_id = any(${callIds}::uuid[])
    union
    select entity_id from audit join audit_values on audit_id = audit.id where contact_id = ${contactId}`.execute(
    database.query,
  )
  const entityIds = [...new Set([contactId, ...callIds, ...opportunityIds, ...rows.map(({ id }) => id)])]
  for (let after: Awaited<ReturnType<typeof historyOf>>['next'] = null; ; ) {
    const page = await historyOf(database, entityIds, PAGE, after)
    yield* page.data
    if (page.next === null) return
    after = page.next
  }
}

/** Audio of the person's calls, and of mails that wait for somebody to decide. */
async function* audioOf({ callIds, traces }: Holdings, { database, mails }: DisclosureOptions) {
  const person = { query: database.query, mails, traces, callIds }
  const items: string[] = []
  for await (const { id } of itemsAbout(person)) items.push(id)
  const { rows } = await sql<{ id: string; of: string; fileName: string }>`
    select id, coalesce(call_id, review_item_id) as of, file_name as "fileName" from recordings
    where (call_id = any(${callIds}::uuid[]) or review_item_id = any(${items}::uuid[])) and status = 'available'
    order by id`.execute(database.query)
  for (const { id, of, fileName } of rows) {
    const file = path.join(mails.folders.recordings, fileName)
    const name = `recordings/${of}/${id}${path.extname(fileName)}`
    if (await isThere(file)) yield { name, file }
  }
}
