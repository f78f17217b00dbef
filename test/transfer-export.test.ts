import { spawn } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Tables } from '../src/database/tables.ts'
import { exportLines } from '../src/transfer/export.ts'
import { EXPORTED } from '../src/transfer/tables.ts'
import { commandLineOn, environmentOf } from './command-line.ts'
import { audioName, buildMail } from './mail-builder.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { callTo, drain, newLead, registered } from './stage.ts'
import { newNumber, notify, outEnd, outId } from './zadarma-door.ts'

/* Everything is exported, and put back into an empty database: nothing can tell the two apart. */

interface Home {
  database: TestDatabase
  service: TestService
  dataDir: string
  run: ReturnType<typeof commandLineOn>
  close(): Promise<void>
}

let folder: string
let first: Home
let file: string
let deleted: string
let pbxCall: { id: string; number: string }

async function homeIn(name: string): Promise<Home> {
  const dataDir = path.join(folder, name)
  const database = await createTestDatabase()
  const folders = { recordingsDir: path.join(dataDir, 'recordings'), mailsDir: path.join(dataDir, 'mails') }
  const service = await createTestService({ ...database, ...folders })
  const close = async () => {
    await service.close()
    await database.drop()
  }
  return { database, service, dataDir, run: commandLineOn(database, dataDir), close }
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-export-'))
  first = await homeIn('first')
  await live(first)
  file = path.join(folder, 'all.jsonl')
})

afterAll(async () => {
  await first.close()
  await rm(folder, { recursive: true })
})

const PHONE = newNumber()
const KEYED = { direction: 'inbound', call_result: 'with a key' }

/** A service that has seen a bit of everything. */
async function live({ service, dataDir }: Home): Promise<void> {
  const { request, sql } = service
  await request('POST', '/api/crm/contacts', {
    name: 'Ana "la" García\u2028ñ €',
    phones: [PHONE],
    email: 'ana@example.com',
  })
  await request('POST', '/api/crm/contacts', { name: 'Luis', phones: [], opt_out: true, timezone: 'Atlantic/Canary' })
  const busy = await newLead(service)
  for (let call = 0; call < 6; call++)
    await request('POST', '/api/crm/calls', callTo(busy, { call_status: 'busy', resumen_llamada: `\\N "${call}",;\n` }))
  const won = await newLead(service)
  await request(
    'POST',
    '/api/crm/calls',
    callTo(won, { call_status: 'answered', started_at: '2025-01-29T10:00:00.123Z' }),
  )
  await request('POST', '/api/crm/calls', callTo(won))
  const lead = await newLead(service)
  deleted = await registered(service, lead)
  await registered(service, lead)
  await request('DELETE', `/api/crm/calls/${deleted}`)
  await request('POST', '/api/crm/opportunities', {
    contact_id: randomUUID(),
    title: 'Piso en Cádiz',
    first_call_completed: true,
    first_call_attempts: { 1: { status: 'orange', call_id: 'older-17', attempted_at: '2024-01-01T10:00:00' } },
  })
  await request('POST', '/api/crm/calls', KEYED, { 'idempotency-key': 'a-key' })
  pbxCall = { id: outId(), number: PHONE }
  await notify(service, outEnd(pbxCall.id, PHONE, 'answered'))
  // One large enough for a file, with audio that belongs to no call.
  const audio = Buffer.concat([Buffer.from('ID3\u0004'), randomBytes(900_000)])
  const large = buildMail({ subject: 'Quién sabe', audio: [{ name: audioName('1772442900.1'), bytes: audio }] })
  await service.app.inject({
    method: 'POST',
    url: '/api/recordings/email',
    headers: { authorization: 'Bearer a-key-for-tests-that-is-long-enough-0', 'content-type': 'message/rfc822' },
    payload: large,
  })
  // A recording with an empty file of its own; a call that waits for its attempt; and a key.
  await mkdir(path.join(dataDir, 'recordings', '2026-03'), { recursive: true })
  await writeFile(path.join(dataDir, 'recordings', '2026-03', 'empty.mp3'), '')
  await sql(
    `insert into recordings (id, call_id, provider, status, file_name, content_type, size_bytes, sha256)
     select gen_random_uuid(), id, 'zadarma', 'available', '2026-03/empty.mp3', 'audio/mpeg', 0, $1 from calls where provider_call_id = $2`,
    [createHash('sha256').digest(), pbxCall.id],
  )
  const waiting = await newLead(service)
  await sql(
    `insert into calls (id, direction, entity_type, entity_id, outcome, pending_since, due_at, sources)
     values (gen_random_uuid(), 'outbound', 'contacts', $1, 'pending', now() - interval '1 second', now() - interval '1 second', '{}')`,
    [waiting.contactId],
  )
  await sql(`insert into api_keys (id, name, role, key_sha256) values (gen_random_uuid(), 'first', 'admin', $1)`, [
    randomBytes(32),
  ])
  // What somebody said of a call that was asked for, of which the PBX has not told.
  await sql(
    `insert into dial_requests (id, contact_id, extension, phone_number, written_call_id)
     select gen_random_uuid(), entity_id, '101', $1, id from calls where outcome = 'pending'`,
    [PHONE],
  )
  await sql(`insert into mailboxes (id, uid_validity, last_uid) values ('me@example.com', 7, 4000000000)`)
}

/** All rows of all tables, those that triggers derive among them. */
async function everyRow({ service }: Home): Promise<Record<string, unknown[]>> {
  const tables = [...EXPORTED.map(({ name }) => name), 'listed_opportunities']
  const rows = await Promise.all(tables.map((table) => service.sql(`select * from ${table} order by 1, 2`)))
  return Object.fromEntries(tables.map((table, place) => [table, rows[place] ?? []]))
}

async function everyFile({ dataDir }: Home): Promise<Record<string, string>> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  const digest = async (name: string) =>
    createHash('sha256')
      .update(await readFile(name))
      .digest('hex')
  return Object.fromEntries(
    await Promise.all(files.sort().map(async (name) => [path.relative(dataDir, name), await digest(name)])),
  )
}

const LISTS = [
  'contacts',
  'contacts?q=ana',
  'opportunities',
  'opportunities?sort=-last_contact_attempt_at',
  'opportunities?q=cadiz',
]
  .concat(['opportunities?attempts=5', 'opportunities?first_call_completed=true', 'calls', 'review'])
  .concat(
    ['registered', 'limit_reached', 'pending', 'first_call_completed'].map((outcome) => `calls?outcome=${outcome}`),
  )

/** What the API answers of everything, with the ETag of each. */
async function everyAnswer({ service }: Home): Promise<unknown> {
  const answers: unknown[] = []
  for (const list of LISTS) {
    const { status, body } = await service.request('GET', `/api/crm/${list}`)
    expect(body.data.length, list).toBeGreaterThan(0)
    answers.push([list, status, body])
    if (!['contacts', 'opportunities', 'calls'].includes(list)) continue
    for (const { id } of body.data) {
      const { status, body, headers } = await service.request('GET', `/api/crm/${list}/${id}`)
      answers.push([id, status, body, headers.etag])
    }
  }
  return answers
}

it('an export has every table but those that are derived, and those of log-ins that are under way', async () => {
  const rows = await first.service.sql<{ name: keyof Tables }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
  )
  const derived = ['listed_opportunities', 'contacts_without_opportunity', 'schema_migrations']
  const passing = [
    'claims',
    'user_sessions',
    'user_links',
    'user_verifications',
    'log_in_tries',
    'known_networks',
    'used_codes',
  ]
  expect([...EXPORTED.map(({ name }) => name), ...derived, ...passing].sort()).toEqual(rows.map(({ name }) => name))
})

it('what is restored answers as before, and goes on as before', async () => {
  const exported = await first.run(['export', file])
  expect(exported.code).toBe(0)
  expect(exported.stdout).toMatch(
    /^Exported 2 contacts, 5 opportunities, 13 calls \(\d+ rows in all\) and 3 files of \d+ bytes\.\n$/,
  )
  expect((await stat(file)).mode & 0o777).toBe(0o600)

  const second = await homeIn('second')
  try {
    // What a first start makes is not in the way.
    await second.service.sql(
      `insert into api_keys (id, name, role, key_sha256) values (gen_random_uuid(), 'second', 'admin', $1)`,
      [randomBytes(32)],
    )
    const restored = await second.run(['import', '--restore', file])
    expect(restored).toEqual({ code: 0, stdout: exported.stdout.replace('Exported', 'Restored'), stderr: '' })

    const { api_keys: keys = [], ...rows } = await everyRow(second)
    const { api_keys: keysBefore = [], ...rowsBefore } = await everyRow(first)
    expect(rows).toEqual(rowsBefore)
    expect(keys).toEqual(expect.arrayContaining(keysBefore))
    expect(keys).toHaveLength(2)
    expect(await everyFile(second)).toEqual(await everyFile(first))
    expect(await everyAnswer(second)).toEqual(await everyAnswer(first))

    for (const { service } of [first, second]) {
      const { request } = service
      // The stone of a deleted call (B5), a key that was used, an event that comes once more, a call that waits (B9).
      expect((await request('POST', '/api/crm/calls', { id: deleted, direction: 'outbound' })).status).toBe(409)
      expect(
        (await request('POST', '/api/crm/calls', { ...KEYED, call_result: 'x' }, { 'idempotency-key': 'a-key' }))
          .status,
      ).toBe(409)
      await notify(service, outEnd(pbxCall.id, pbxCall.number, 'busy'))
      await service.sql(`update calls set due_at = now() - interval '1 second' where due_at is not null`)
      await drain(service)
      const { body } = await request('GET', `/api/crm/contacts?phone=${encodeURIComponent(PHONE)}`)
      expect(body.data).toHaveLength(1)
    }
    const [ofFirst, ofSecond] = await Promise.all(
      [first, second].map(async ({ service }) =>
        service.sql(`select id, outcome, opportunity_id, call_status, revision, pending_since from calls order by id`),
      ),
    )
    expect(ofSecond).toEqual(ofFirst)
    expect(ofSecond?.filter(({ outcome }) => outcome === 'pending')).toEqual([])

    const again = await second.run(['import', '--restore', file])
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(again.stderr).toMatch(
      /^The database is not empty: contacts has 2 rows, .*\. An export goes into an empty one/,
    )
  } finally {
    await second.close()
  }
})

it('to the standard output it is the same, but for its moment', async () => {
  await first.run(['export', file])
  const { stdout, stderr, code } = await first.run(['export'])
  expect(code).toBe(0)
  expect(stderr).toMatch(/^Exported 2 contacts/)
  const [, ...lines] = stdout.split('\n')
  const [, ...linesOfFile] = (await readFile(file, 'utf8')).split('\n')
  expect(lines.slice(0, -2)).toEqual(linesOfFile.slice(0, -2))
})

describe('an export to the standard output is a failure, which its exit code says', () => {
  const exporting = async (stdout: 'pipe' | number): Promise<{ code: number; told: string }> => {
    const command = spawn(process.execPath, [path.join(inject('built'), 'dist/cli.js'), 'export'], {
      env: { PATH: process.env.PATH, ...environmentOf(first.database, first.dataDir) },
      stdio: ['ignore', stdout, 'pipe'],
    })
    let told = ''
    command.stderr?.setEncoding('utf8').on('data', (text) => {
      told += text
    })
    command.stdout?.once('data', () => command.stdout?.destroy())
    const [code] = await once(command, 'close')
    return { code, told }
  }
  const NOT_WHOLE = 'Ended. The export is not whole, and cannot be restored.\n'

  it.runIf(existsSync('/dev/full'))('where the disk is full', async () => {
    const full = await open('/dev/full', 'w')
    const told = `ENOSPC: no space left on device, write\n${NOT_WHOLE}`
    expect(await exporting(full.fd)).toEqual({ code: 1, told })
    await full.close()
  })

  it('where whoever reads it leaves', async () => {
    expect(await exporting('pipe')).toEqual({ code: 1, told: NOT_WHOLE })
  })
})

describe('an export that is not what was written is refused, and nothing is', () => {
  let empty: Home
  let lines: string[]

  beforeAll(async () => {
    empty = await homeIn('empty')
    await first.run(['export', file])
    lines = (await readFile(file, 'utf8')).split('\n')
  })

  afterAll(() => empty.close())

  const restoring = async (text: string) => {
    const damaged = path.join(folder, 'damaged.jsonl')
    await writeFile(damaged, text)
    const before = await everyRow(empty)
    const { code, stdout, stderr } = await empty.run(['import', '--restore', damaged])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(await everyRow(empty)).toEqual(before)
    expect(await everyFile(empty)).toEqual({})
    return stderr
  }

  /** With an end that fits what is before it. */
  const sealed = (
    before: readonly string[],
    change: (end: { rows: Record<string, number> }) => object = (end) => end,
  ): string => {
    const text = before.map((line) => `${line}\n`).join('')
    const { end } = JSON.parse(lines.at(-2) ?? '')
    return `${text}${JSON.stringify({ end: { ...change(end), sha256: createHash('sha256').update(text).digest('hex') } })}\n`
  }
  const body = () => lines.slice(0, -2)

  it('because it was cut off: wherever', async () => {
    const whole = lines.join('\n')
    for (const share of [0.001, 0.6, 0.999]) {
      expect(await restoring(whole.slice(0, Math.floor(whole.length * share)))).toMatch(
        /cannot be restored: .*\. Nothing was written\.|is no export/,
      )
    }
    expect(await restoring(lines.slice(0, -2).join('\n'))).toContain('its end is missing, so it was cut off')
  })

  it('because a letter of it was changed', async () => {
    expect(await restoring(lines.join('\n').replace('Cádiz', 'Cadiz'))).toContain('it is not what was written')
  })

  it('because a line is missing, whatever its end says', async () => {
    const without = body().filter((line) => line !== body().find((one) => one.startsWith('{"table":"calls"')))
    expect(await restoring(sealed(without))).toContain('it has not as many rows and files as it says')
  })

  it('because of a table that is not to be there, or a file outside of its folder', async () => {
    const stranger = '{"table":"pg_authid","row":{"rolname":"me"}}'
    expect(await restoring(sealed([...body(), stranger]))).toContain(
      'has a row of "pg_authid", which is not to be there',
    )
    for (const name of ['../../evil.mp3', '/etc/evil.mp3', 'a/../b.mp3', '..']) {
      const piece = JSON.stringify({ file: 'recordings', name, size: 1, at: 0, base64: 'YQ==' })
      expect(await restoring(sealed([...body(), piece]))).toContain('is neither a row nor a file')
    }
  })

  it('because a row names a file outside of its folder', async () => {
    const [recording = ''] = body().filter((line) => line.startsWith('{"table":"recordings"'))
    for (const name of ['../../etc/passwd', '/etc/passwd', '2026-03/../../evil.mp3']) {
      const hostile = recording.replace(/"file_name":"[^"]*"/, `"file_name":${JSON.stringify(name)}`)
      const lines = body().map((line) => (line === recording ? hostile : line))
      expect(await restoring(sealed(lines))).toContain('names a file outside of its folder')
    }
    const isLarge = (line: string): boolean => line.startsWith('{"table":"inbox"') && !line.includes('"file_name":null')
    const mails = body().map((line) =>
      isLarge(line) ? line.replace(/"file_name":"[^"]*"/, '"file_name":null,"file_name":"\\u002e./x.eml"') : line,
    )
    expect(await restoring(sealed(mails))).toContain('names a file outside of its folder')
  })

  it('because a row is none of this database: the files are removed again', async () => {
    const isContact = (line: string): boolean => line.startsWith('{"table":"contacts"')
    const faulty = body().map((line) =>
      isContact(line) ? line.replace(/"name":"[^"\\]/, '"name":null,"nom":"') : line,
    )
    expect(await restoring(sealed(faulty))).toContain('null value in column "name"')
    const faultyLater = body().map((line) =>
      line.startsWith('{"table":"api_keys"') ? line.replace('"admin"', '"king"') : line,
    )
    expect(await restoring(sealed(faultyLater))).toContain('violates check constraint')
  })

  it('because of another version', async () => {
    const [heading = '', ...rest] = body()
    const newer = heading.replace('"migrations":[', '"migrations":["9999_later.sql",')
    expect(await restoring(sealed([newer, ...rest]))).toContain('was made by a newer version of First Call')
    const older = heading.replace(/"[^"]*"\],"exported/, '],"exported').replace(',],', '],')
    expect(await restoring(sealed([older, ...rest]))).toContain('was made by an older version of First Call')
    expect(await restoring('{"id":1}\n')).toContain('is no export of First Call')
  })

  it('(control) sealed in the same way, what was not changed is restored', async () => {
    const sound = path.join(folder, 'sound.jsonl')
    await writeFile(sound, sealed(body()))
    expect(await empty.run(['import', '--restore', sound])).toMatchObject({ code: 0 })
    expect((await everyRow(empty)).calls).toHaveLength(13)
  })
})

it('a file that is missing is told, and exit code 1 says that the export lacks it', async () => {
  const third = await homeIn('third')
  try {
    await third.service.sql(`insert into calls (id, direction, outcome) values ($1, 'inbound', 'not_outbound')`, [
      deleted,
    ])
    await third.service.sql(
      `insert into recordings (id, call_id, provider, status, file_name, content_type, size_bytes, sha256)
       values ($1, $1, 'zadarma', 'available', '2026-01/gone.mp3', 'audio/mpeg', 1, '\\x00')`,
      [deleted],
    )
    const out = path.join(folder, 'third.jsonl')
    const { code, stderr, stdout } = await third.run(['export', out, '--json'])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'The file recordings/2026-01/gone.mp3 is missing: the database names it, but the folder has it not.\n',
    })
    expect(JSON.parse(stdout)).toMatchObject({ files: { count: 0 }, missing: ['recordings/2026-01/gone.mp3'] })
    expect(await third.run(['export', out, '--without-files'])).toMatchObject({ code: 0, stderr: '' })
  } finally {
    await third.close()
  }
})

it('an export is of one moment: what is written meanwhile is not in it, nor half of it', async () => {
  const fourth = await homeIn('fourth')
  try {
    const { service } = fourth
    const lead = await newLead(service)
    const before = await registered(service, lead)
    const text: string[] = []
    let during: string | null = null
    const lines = exportLines(service.database, {
      folders: { recordings: '/dev/null', mails: '/dev/null' },
      version: '0',
      hasFiles: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onMissing: () => undefined,
    })
    for await (const line of lines) {
      text.push(line)
      // After the opportunities, before the calls.
      if (line.includes('"table":"lead_opportunities"')) during = await registered(service, lead)
    }
    expect(await service.sql('select id from calls order by created_at')).toEqual([{ id: before }, { id: during }])
    // The call, its opportunity's attempt, and who made the one and changed the other.
    expect(text.join('').split(before)).toHaveLength(5)
    expect(text.join('')).not.toContain(during)
  } finally {
    await fourth.close()
  }
})
