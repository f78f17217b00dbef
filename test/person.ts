import { randomBytes, randomUUID } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { v7 as uuidv7 } from 'uuid'
import { expect } from 'vitest'
import { storeRequest } from '../src/dialling/store.ts'
import { receiveMail } from '../src/mailbox/receive.ts'
import { commandLineOn } from './command-line.ts'
import { audioName, buildMail, newRecordingId } from './mail-builder.ts'
import { SOMEBODY, type TestDatabase, type TestService } from './service.ts'
import { audioOf } from './zadarma/audio.ts'
import { newNumber, notify, outEnd, outId, outStart } from './zadarma-door.ts'

/* A person who is known by every door, and whatever is left of one. */

export interface Person {
  contactId: string
  opportunityId: string
  number: string
  formerNumber: string
  /** By what they are called: of a registered call each by REST and by notifications, of one that nobody is linked to, and of a deleted one. */
  calls: { rest: string; pbx: string; unlinked: string; deleted: string; imported: string }
  pbxCallId: string
  unlinkedPbxCallId: string
  /** To be sent again. */
  requests: { url: string; body: object; key: string }[]
  mails: Buffer[]
  notifications: Parameters<typeof notify>[1][]
  /** Without marks and accents; whatever has one of them tells of the person. */
  needles: Record<string, string>
}

/** Letters of no language. */
const letters = (count: number): string =>
  [...randomBytes(count)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('')

const spaced = (number: string): string => number.slice(3).replace(/(\d{3})(\d{2})(\d{2})(\d{2})/, '$1 $2 $3 $4')

/** Makes a person known by REST, notifications, mails, the review list, a file, a request to call and kept answers. */
export async function knownEverywhere(
  service: TestService,
  database: Pick<TestDatabase, 'connection'>,
  folder: string,
): Promise<Person> {
  const family = `Ürsúla-${letters(8)}`
  const name = `Íñigo ${family} O’Higgins`
  const email = `inigo.${letters(8)}@ejemplo.es`
  const formerName = `Antes ${letters(8)}`
  const [number, formerNumber] = [newNumber(), newNumber()]
  const words = [
    'title',
    'summary',
    'result',
    'foreign',
    'unlinked',
    'deleted',
    'decision',
    'mail',
    'imported',
  ] as const
  const said = Object.fromEntries(words.map((word) => [word, `said${letters(10)}`])) as Record<
    (typeof words)[number],
    string
  >
  const [contactId, opportunityId] = [randomUUID(), randomUUID()]
  const requests: Person['requests'] = []
  const ask = async (url: string, body: object) => {
    const key = randomUUID()
    requests.push({ url, body, key })
    const answer = await service.request('POST', url, body, { 'idempotency-key': key })
    expect(answer.status).toBe(201)
    return answer.body
  }

  await ask('/api/crm/contacts', {
    id: contactId,
    name: formerName,
    phones: [formerNumber],
    email,
    timezone: 'Europe/Madrid',
  })
  await service.request('PATCH', `/api/crm/contacts/${contactId}`, { name, phones: [number] })
  await ask('/api/crm/opportunities', {
    id: opportunityId,
    contact_id: contactId,
    title: `Casa de ${name}: ${said.title}`,
    source: 'web',
    created_at: '2026-01-01T00:00:00Z',
    first_call_attempts: {
      1: { status: 'orange', call_id: `old-${letters(8)}`, attempted_at: '2026-02-01T10:00:00Z', notes: said.foreign },
    },
  })
  const linked = { direction: 'outbound', entity_type: 'contacts', entity_id: contactId }
  const rest = await ask('/api/crm/calls', {
    ...linked,
    phone_number: spaced(number),
    call_status: 'no_answer',
    call_result: said.result,
    resumen_llamada: `${said.summary}, dice ${name}`,
    started_at: '2026-03-01T10:00:00Z',
  })
  const deleted = await ask('/api/crm/calls', { ...linked, phone_number: number, resumen_llamada: said.deleted })
  await service.request('DELETE', `/api/crm/calls/${deleted.id}`)

  const pbxCallId = outId()
  const notifications = [
    outStart(pbxCallId, number),
    outEnd(pbxCallId, number, 'busy', { destination: `0034${number.slice(3)}` }),
    // The PBX contradicts itself, which a person is told.
    outEnd(pbxCallId, number, 'cancel', { destination: formerNumber.replace('+', '') }),
  ]
  const unlinkedPbxCallId = outId()
  notifications.push(outEnd(unlinkedPbxCallId, formerNumber, 'no answer', { call_start: '2026-03-02 11:00:00' }))
  for (const fields of notifications) expect((await notify(service, fields)).statusCode).toBe(200)
  // One that changes no call, as it comes by an address that somebody vouches for.
  await service.sql(
    `insert into inbox (id, door, received_at, headers, body, event, result, reason, handled_at)
     values ($1, 'zadarma', now(), '{"content-type": "application/x-www-form-urlencoded"}', $2, 'NOTIFY_IVR', 'kept', 'unknown_event', now())`,
    [uuidv7(), Buffer.from(`event=NOTIFY_IVR&destination=${encodeURIComponent(spaced(number))}`)],
  )
  const idOf = async (key: string): Promise<string> =>
    (await service.sql<{ id: string }>('select id from calls where provider_call_id = $1', [key]))[0]?.id ?? ''
  const pbx = await idOf(pbxCallId)
  const unlinked = await idOf(unlinkedPbxCallId)
  await service.request('PATCH', `/api/crm/calls/${unlinked}`, { resumen_llamada: said.unlinked })

  const mails: Buffer[] = []
  const mailed = async (text: string, subject = 'Grabación de llamada', isLarge = false): Promise<string> => {
    const recording = newRecordingId()
    const raw = buildMail({
      subject,
      text,
      audio: [
        { name: audioName(recording), bytes: audioOf(recording, 'mp3') },
        ...(isLarge ? [{ name: 'fotos.zip', type: 'application/zip', bytes: randomBytes(300 * 1024) }] : []),
      ],
    })
    mails.push(raw)
    return (await receiveMail(Readable.from([raw]), 'push', service.mails)).result
  }
  const about = (more: string): string => `Número: ${spaced(number)}\n${more}\n${said.mail} de ${name}, ${email}`
  expect(await mailed(about(`Id de la llamada: ${pbxCallId}`), `Llamada de ${name}`, true)).toBe('attached')
  expect(await mailed(about('Fecha: 2025-12-24 10:00:00'), `${number}`)).toBe('review')
  // Without a recording it is set aside.
  const aside = buildMail({ subject: 'Buzón', text: `Ha llamado ${name}, ${spaced(number)}. ${said.mail}` })
  mails.push(aside)
  expect((await receiveMail(Readable.from([aside]), 'push', service.mails)).result).toBe('set_aside')
  // One that a person has decided in words of their own.
  const { body: items } = await service.request('GET', '/api/crm/review?kind=contradiction&limit=200')
  const item = items.data.find((one: { call_id: string }) => one.call_id === pbx)
  const reason = `${said.decision}: ${name}`
  const answer = await service.request('POST', `/api/crm/review/${item?.id}`, { action: 'dismiss', reason })
  expect(answer.status).toBe(200)

  const file = path.join(folder, `${contactId}.jsonl`)
  const line = { contact_id: contactId, direction: 'outbound', phone_number: number, resumen_llamada: said.imported }
  const imported = randomUUID()
  await writeFile(file, `${JSON.stringify({ id: imported, ...line, started_at: '2026-03-03T10:00:00Z' })}\n`)
  const ended = await commandLineOn(database, path.join(folder, 'data'))(['import', 'calls', file])
  expect(ended.stdout, ended.stderr).toContain('1 created')
  await storeRequest(
    service.database,
    { contact_id: contactId, extension: '101', phone_number: number },
    SOMEBODY,
    null,
  )

  const digits = Object.entries({ number, formerNumber }).map(([what, one]) => [what, one.slice(3)])
  return {
    ...{ contactId, opportunityId, number, formerNumber, pbxCallId, unlinkedPbxCallId, requests, mails, notifications },
    calls: { rest: rest.id, pbx, unlinked, deleted: deleted.id, imported },
    needles: {
      name: plain(family),
      formerName: plain(formerName.slice(6)),
      email: plain(email),
      ...Object.fromEntries(digits),
      ...said,
    },
  }
}

/** Without accents, capitals, and the marks that people put between digits. */
const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[\p{M}\s().\-/+]/gu, '')
    .toLowerCase()

/** What bytes say: as they are, as addresses have them, and where they are packed for a mail. */
function saidBy(bytes: Buffer): string[] {
  const text = bytes.toString('utf8')
  const packed = text.match(/(?:[A-Za-z0-9+/]{4,76}={0,2}\r?\n?)+/g) ?? []
  return [text, text.replace(/%([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))].concat(
    packed.map((block) => Buffer.from(block, 'base64').toString('utf8')),
  )
}

/** Where a person can be found: in tables and files, each with what it has of the person. */
export async function tracesOf(
  { needles }: Pick<Person, 'needles'>,
  service: Pick<TestService, 'sql'>,
  folder: string,
): Promise<string[]> {
  const found = new Set<string>()
  const look = (place: string, texts: readonly string[]): void => {
    for (const text of texts.map(plain)) {
      for (const [what, needle] of Object.entries(needles))
        if (text.includes(plain(needle))) found.add(`${place}: ${what}`)
    }
  }
  const tables = await service.sql<{ name: string }>(`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'm') order by 1`)
  for (const { name } of tables) {
    for (const { row } of await service.sql<{ row: Record<string, unknown> }>(
      `select to_jsonb(t) as row from ${name} t`,
    )) {
      for (const [column, value] of Object.entries(row)) {
        const bytes =
          typeof value === 'string' && value.startsWith('\\x') ? saidBy(Buffer.from(value.slice(2), 'hex')) : []
        look(`${name}.${column}`, [typeof value === 'string' ? value : JSON.stringify(value), ...bytes])
      }
    }
  }
  for (const kind of ['recordings', 'mails']) {
    for (const name of await filesIn(folder, kind))
      look(kind, [name, ...saidBy(await readFile(path.join(folder, kind, name)))])
  }
  return [...found].sort()
}

/** The files of a folder of data. */
export async function filesIn(folder: string, kind: string): Promise<string[]> {
  const found = await readdir(path.join(folder, kind), { recursive: true, withFileTypes: true }).catch(() => [])
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(path.join(folder, kind), path.join(entry.parentPath, entry.name)))
    .sort()
}

/** What a list of the API says, page by page. */
export async function all(service: TestService, url: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const { status, body } = await service.request('GET', `${url}${url.includes('?') ? '&' : '?'}limit=200${from}`)
    expect(status).toBe(200)
    rows.push(...body.data)
    cursor = body.next_cursor
  }
  return rows
}

/** Whatever counts: of each call, opportunity and attempt all but what tells of the person; and coverage. */
export async function countsOf(service: TestService): Promise<unknown> {
  const without = (row: Record<string, unknown>, names: readonly string[]) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)))
  const calls = await all(service, '/api/crm/calls')
  const opportunities = await all(service, '/api/crm/opportunities')
  const period = 'from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z'
  const { body: coverage } = await service.request('GET', `/api/crm/coverage?${period}`)
  const erased = ['phone_number', 'call_result', 'resumen_llamada', 'link', 'recordings', 'revision', 'updated_at']
  return {
    coverage,
    calls: calls.map((call) => ({ ...without(call, erased), recordings: (call.recordings as unknown[]).length })),
    opportunities: opportunities.map((opportunity) => ({
      ...without(opportunity, ['title', 'revision', 'updated_at']),
      first_call_attempts: Object.entries(opportunity.first_call_attempts as Record<string, object>).map(
        ([number, attempt]) => [number, without(attempt as Record<string, unknown>, ['notes'])],
      ),
    })),
  }
}
