import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { recordingChore } from '../src/recordings/chore.ts'
import type { RecordingOptions } from '../src/recordings/fetch.ts'
import { createZadarmaApi } from '../src/zadarma/api.ts'
import { createZadarmaClient } from '../src/zadarma/client.ts'
import { ZADARMA } from './doors.ts'
import { audio, mail, receive } from './mails-door.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { audioOf } from './zadarma/audio.ts'
import { type Scenario, signedNotification, startZadarmaServer, type ZadarmaServer } from './zadarma-server.ts'

/* Recordings are fetched from the PBX, and heard by whoever has a key. */

const KEY_AND_SECRET = { key: ZADARMA.key ?? '', secret: ZADARMA.secret ?? '' }
const ROOMY = { requests: 1_000, windowMs: 1_000 }
const NEVER = new AbortController().signal

let database: TestDatabase
let service: TestService
let zadarma: ZadarmaServer
let folder: string
const scenarios: Scenario[] = []
let made = 0

beforeAll(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), 'first-call-')), 'recordings')
  database = await createTestDatabase()
  service = await createTestService({ ...database, recordingsDir: folder })
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(path.dirname(folder), { recursive: true })
})

beforeEach(async () => {
  await service.sql('delete from recordings')
  await rm(folder, { recursive: true, force: true })
  zadarma = await startZadarmaServer({
    ...KEY_AND_SECRET,
    zone: 'Europe/Madrid',
    scenarios,
    limits: { all: ROOMY, statistics: ROOMY },
  })
  return () => zadarma.close()
})

// ── Calls, and what is told of them ─────────────────────────────────────────────────────────────────────────────────

/** A call of the PBX with so many recordings, of which nothing was told yet. */
function callOfPbx(recordings: number, ending = 'mp3'): Scenario {
  const startedAt = Date.parse('2026-03-02T09:15:00Z') + ++made * 60_000
  const ids = Array.from({ length: recordings }, (_, index) => `${startedAt / 1_000 + index}.${made}0`)
  const scenario: Scenario = {
    kind: 'outgoing',
    pbx_call_id: `out_${createHash('sha1').update(randomUUID()).digest('hex')}`,
    number: '+34612345678',
    extension: '101',
    startedAt,
    disposition: 'answered',
    durationSeconds: 42,
    recordingIds: ids,
    recordings: ids.map((id) => ({ id, fileName: `12345-${id}-101-2026-03-02-101500.${ending}` })),
    notifications: [],
    legs: [],
  }
  scenarios.push(scenario)
  return scenario
}

async function notify(fields: { event: string } & Record<string, string>): Promise<void> {
  const { headers, body: payload } = signedNotification(fields, KEY_AND_SECRET.secret)
  const { statusCode } = await service.app.inject({ method: 'POST', url: '/api/zadarma/webhook', headers, payload })
  expect(statusCode).toBe(200)
}

/** Tells the end of a call, with its recording's name where there is one. */
async function tellEnd({ pbx_call_id, number, extension }: Scenario, name?: string): Promise<void> {
  await notify({
    event: 'NOTIFY_OUT_END',
    call_start: '2026-03-02 10:15:00',
    pbx_call_id,
    destination: number,
    internal: extension,
    caller_id: '34911111111',
    duration: '42',
    disposition: 'answered',
    status_code: '16',
    is_recorded: '1',
    ...(name === undefined ? {} : { call_id_with_rec: name }),
  })
}

const tellRecording = ({ pbx_call_id }: Scenario, name: string): Promise<void> =>
  notify({ event: 'NOTIFY_RECORD', pbx_call_id, call_id_with_rec: name })

/** A call with a recording that was told by its name. */
async function toldCall(ending?: string): Promise<{ scenario: Scenario; name: string; callId: string }> {
  const scenario = callOfPbx(1, ending)
  const [name = ''] = scenario.recordingIds
  await tellEnd(scenario, name)
  return { scenario, name, callId: (await callOf(scenario)).id }
}

async function callOf({ pbx_call_id }: Scenario) {
  const [row] = await service.sql<{ id: string }>('select id from calls where provider_call_id = $1', [pbx_call_id])
  return (await service.request('GET', `/api/crm/calls/${row?.id}`)).body
}

// ── Fetching ────────────────────────────────────────────────────────────────────────────────────────────────────────

function fetching(more: Partial<RecordingOptions> = {}, signal = NEVER): Promise<boolean> {
  const limits = { all: ROOMY, tries: 1, limitedTries: 1 }
  const options = {
    database: service.database,
    api: createZadarmaApi(createZadarmaClient({ ...KEY_AND_SECRET, apiUrl: zadarma.url, limits })),
    from: { apiUrl: zadarma.url, hosts: ['zadarma.com'] },
    folder,
    maximumBytes: 1024 * 1024,
    metrics: service.metrics,
    log: { warn: () => undefined },
    ...more,
  }
  return recordingChore(options).work(signal)
}

/** Fetches as if the waits were over. */
async function fetchNow(more: Partial<RecordingOptions> = {}): Promise<void> {
  await service.sql(`update recordings set due_at = now() - interval '1 second' where due_at is not null`)
  await fetching(more)
}

interface Row {
  id: string
  provider_recording_id: string | null
  status: string
  tries: number
  fault: string | null
  file_name: string | null
  content_type: string | null
  size_bytes: number | null
  sha256: Buffer | null
  waitSeconds: number | null
}

const rows = (): Promise<Row[]> =>
  service.sql<Row>(
    `select *, round(extract(epoch from due_at - clock_timestamp()))::int as "waitSeconds" from recordings order by id`,
  )

async function onlyRow(): Promise<Row> {
  const [row, ...more] = await rows()
  expect(more).toEqual([])
  if (row === undefined) throw new Error('there is no recording')
  return row
}

/** What lies in the folder, by name. */
async function files(): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return found.filter((entry) => entry.isFile()).map(({ name }) => name)
}

const asked = (): Record<string, string>[] => zadarma.requests.map(({ params }) => params)

async function counted(status: 'fetched' | 'failed' | 'missing'): Promise<number> {
  const { values } = await service.metrics.recordings.get()
  return values.find(({ labels }) => labels.status === status)?.value ?? 0
}

describe('a recording', () => {
  it('is fetched once it is due, and not before', async () => {
    const { name, callId } = await toldCall()
    const before = await counted('fetched')
    expect(await fetching()).toBe(false)
    expect(asked()).toEqual([])
    const { id, waitSeconds } = await onlyRow()
    expect(waitSeconds).toBeGreaterThan(30)
    expect(waitSeconds).toBeLessThanOrEqual(40)

    await fetchNow()
    expect(asked()).toMatchObject([{ call_id: name }])
    const row = await onlyRow()
    const audio = audioOf(name, 'mp3')
    expect(row).toMatchObject({
      status: 'available',
      fault: null,
      content_type: 'audio/mpeg',
      size_bytes: audio.length,
      sha256: createHash('sha256').update(audio).digest(),
      waitSeconds: null,
    })
    expect(row.file_name).toBe(`${new Date().toISOString().slice(0, 7)}/${id}.mp3`)
    expect(await readFile(path.join(folder, row.file_name ?? ''))).toEqual(audio)
    expect(await files()).toEqual([`${id}.mp3`])
    expect((await stat(path.join(folder, row.file_name ?? ''))).mode & 0o777).toBe(0o600)
    expect((await service.request('GET', `/api/crm/calls/${callId}`)).body.recordings).toEqual([
      {
        id,
        status: 'available',
        content_type: 'audio/mpeg',
        size_bytes: audio.length,
        url: `/api/crm/calls/${callId}/recordings/${id}`,
      },
    ])
    expect(await counted('fetched')).toBe(before + 1)
    expect(await fetching()).toBe(false)
  })

  it('that is not ready is asked for again, with waits that grow to half an hour', async () => {
    zadarma.account.asksBeforeReady = 9
    await toldCall()
    const waits: (number | null)[] = []
    for (let tries = 0; tries < 9; tries++) {
      await fetchNow()
      const { status, fault, waitSeconds } = await onlyRow()
      expect([status, fault]).toEqual(['expected', 'Zadarma does not have the recording, or not yet.'])
      waits.push(waitSeconds)
    }
    const expected = [40, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800]
    expect(waits.map((wait, place) => Math.abs((wait ?? 0) - (expected[place] ?? 0)) <= 2)).not.toContain(false)
    await fetchNow()
    expect(await onlyRow()).toMatchObject({ status: 'available', fault: null, tries: 10 })
  })

  it('whose link has expired is asked for anew', async () => {
    await toldCall()
    const { linkTo } = zadarma.account
    zadarma.account.linkTo = (...args) => {
      const link = linkTo(...args)
      zadarma.expireLinks()
      return link
    }
    await fetchNow()
    expect(await onlyRow()).toMatchObject({ status: 'expected', fault: expect.stringMatching(/HTTP 404/) })
    zadarma.account.linkTo = linkTo
    await fetchNow()
    expect(await onlyRow()).toMatchObject({ status: 'available', fault: null })
    expect(asked()).toHaveLength(2)
  })

  it('is given up after a day, with the reason', async () => {
    zadarma.account.asksBeforeReady = 9
    const { callId } = await toldCall()
    const before = await counted('missing')
    await service.sql(`update recordings set created_at = now() - interval '23 hours 59 minutes', tries = 40`)
    await fetchNow()
    expect(await onlyRow()).toMatchObject({ status: 'expected' })
    await service.sql(`update recordings set created_at = now() - interval '1 day'`)
    await fetchNow()
    expect(await onlyRow()).toMatchObject({
      status: 'missing',
      fault: 'Zadarma does not have the recording, or not yet.',
      waitSeconds: null,
    })
    expect(await counted('missing')).toBe(before + 1)
    const answer = await service.request('GET', `/api/crm/calls/${callId}/recording`)
    expect([answer.status, answer.body.detail]).toEqual([404, 'The recording is missing: it could not be had.'])
  })

  it('of a service that was off for a weekend is tried some times before it is given up', async () => {
    zadarma.account.asksBeforeReady = 7
    await toldCall()
    await service.sql(`update recordings set created_at = now() - interval '3 days'`)
    for (let tries = 1; tries <= 7; tries++) {
      await fetchNow()
      expect(await onlyRow()).toMatchObject({ status: 'expected', tries })
    }
    await fetchNow()
    expect(await onlyRow()).toMatchObject({ status: 'available', tries: 8 })
  })

  it.each([
    ['500', /HTTP 500/],
    ['not-json', /JSON/],
    ['redirect', /HTTP 302/],
    ['limited-429', /rate limit/],
  ] as const)('waits where Zadarma answers %s', async (answer, fault) => {
    await toldCall()
    const before = await counted('failed')
    zadarma.inject(answer)
    await fetchNow()
    expect(await onlyRow()).toMatchObject({ status: 'expected', fault: expect.stringMatching(fault) })
    expect(await counted('failed')).toBe(before + 1)
    await fetchNow()
    expect(await onlyRow()).toMatchObject({ status: 'available' })
  })

  it('of a deleted call is not fetched', async () => {
    const { callId } = await toldCall()
    expect((await service.request('DELETE', `/api/crm/calls/${callId}`)).status).toBe(204)
    await fetchNow()
    expect(asked()).toEqual([])
    expect(await onlyRow()).toMatchObject({ status: 'missing', fault: 'The call was deleted.', tries: 0 })
  })

  it('is fetched by one of two servers', async () => {
    await toldCall()
    await service.sql(`update recordings set due_at = now() - interval '1 second'`)
    await Promise.all([fetching(), fetching(), fetching()])
    expect(asked()).toHaveLength(1)
    expect(await onlyRow()).toMatchObject({ status: 'available', tries: 1 })
  })

  it('that comes by e-mail while it is fetched stays as it came, and no file is left over', async () => {
    const { name, callId } = await toldCall()
    const came = mail(null, { recordings: [audio(name)] })
    const real = createZadarmaApi(createZadarmaClient({ ...KEY_AND_SECRET, apiUrl: zadarma.url }))
    const recordLinks: typeof real.recordLinks = async (...asked) => {
      expect(await receive(service, came)).toMatchObject({ became: 'attached', callId })
      return real.recordLinks(...asked)
    }
    await fetchNow({ api: { recordLinks } })
    expect(await onlyRow()).toMatchObject({ status: 'available', file_name: came.recordings[0]?.fileName })
    expect(await readdir(folder, { recursive: true })).toEqual([expect.stringMatching(/^\d{4}-\d\d$/)])
  })

  it('that another server is just claiming is left to it', async () => {
    await toldCall()
    await service.sql(`update recordings set due_at = now() - interval '1 second'`)
    const other = await service.database.general.connect()
    try {
      await other.query('begin')
      await other.query('select from recordings for update')
      expect(await fetching()).toBe(false)
    } finally {
      await other.query('rollback')
      other.release()
    }
    expect(await fetching()).toBe(true)
  })

  it('may come slowly, as long as it comes', async () => {
    await toldCall()
    zadarma.serveAudio('slow')
    // It takes two seconds in all, and is never silent for more than a tenth of one.
    await fetchNow({ limits: { stallMs: 1_000 } })
    expect(await onlyRow()).toMatchObject({ status: 'available', fault: null })
  })
})

describe('recordings of which only the call is known', () => {
  it('get their names from the files: the first takes the row that waits, the others get rows of their own', async () => {
    const scenario = callOfPbx(2)
    await tellEnd(scenario)
    const { provider_recording_id, id } = await onlyRow()
    expect(provider_recording_id).toBeNull()
    const { revision } = await callOf(scenario)
    await fetchNow()
    expect(asked()).toMatchObject([{ pbx_call_id: scenario.pbx_call_id }])
    expect(await rows()).toMatchObject([
      { id, provider_recording_id: scenario.recordingIds[0], status: 'available' },
      { provider_recording_id: scenario.recordingIds[1], status: 'expected' },
    ])
    expect((await callOf(scenario)).revision).toBe(revision + 1)
    await fetching()
    const both = await rows()
    expect(both).toMatchObject([{ status: 'available' }, { status: 'available' }])
    for (const { provider_recording_id: name, file_name } of both) {
      expect(await readFile(path.join(folder, file_name ?? ''))).toEqual(audioOf(name ?? '', 'mp3'))
    }
    // The names come once more, from the PBX itself.
    for (const name of scenario.recordingIds) await tellRecording(scenario, name)
    expect(await rows()).toEqual(both)
  })

  it('keep the name that another call has already', async () => {
    const [first, second] = [callOfPbx(1), callOfPbx(1)]
    const [name = ''] = first.recordingIds
    await tellEnd(first, name)
    await tellEnd(second)
    second.recordings = first.recordings
    await fetchNow()
    expect(await rows()).toMatchObject([
      { provider_recording_id: name, status: 'available' },
      { provider_recording_id: null, status: 'expected', fault: expect.stringMatching(/known already/) },
    ])
  })

  it('are taken without a name where the file tells none', async () => {
    const scenario = callOfPbx(1)
    scenario.recordings = scenario.recordings.map(({ id }) => ({ id, fileName: 'record.mp3' }))
    await tellEnd(scenario)
    await fetchNow()
    expect(await onlyRow()).toMatchObject({ provider_recording_id: null, status: 'available' })
    await tellRecording(scenario, scenario.recordingIds[0] ?? '')
    expect(await onlyRow()).toMatchObject({ provider_recording_id: scenario.recordingIds[0], status: 'available' })
  })

  it('are each there once where notifications name them at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      await service.sql('delete from recordings')
      const scenario = callOfPbx(2)
      await tellEnd(scenario)
      await Promise.all([fetchNow(), ...scenario.recordingIds.map((name) => tellRecording(scenario, name))])
      const untilAll = async (): Promise<void> => {
        for (let tries = 0; tries < 3; tries++) await fetchNow()
      }
      await untilAll()
      const found = await rows()
      expect(found.map((row) => row.provider_recording_id).sort()).toEqual([...scenario.recordingIds].sort())
      for (const { status, provider_recording_id: name, file_name } of found) {
        expect(status).toBe('available')
        expect(await readFile(path.join(folder, file_name ?? ''))).toEqual(audioOf(name ?? '', 'mp3'))
      }
    }
  })
})

// ── What may not be fetched ─────────────────────────────────────────────────────────────────────────────────────────

/** A place for recordings that answers like this. */
async function hostThat(answers: (response: ServerResponse) => void) {
  const server = createServer((_, response) => answers(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  zadarma.account.linkTo = () => `${url}/a-link-that-nobody-may-read.mp3`
  return {
    from: { apiUrl: url, hosts: [] },
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

const FRAME = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(413)])
const padded = (text: string): Buffer => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(64)])

describe('S12: what is fetched from outside', () => {
  async function expectRefused(fault: RegExp, more: Partial<RecordingOptions> = {}): Promise<void> {
    await toldCall()
    await fetchNow(more)
    expect(await onlyRow()).toMatchObject({ status: 'expected', fault: expect.stringMatching(fault), file_name: null })
    expect(await files()).toEqual([])
  }

  it('is not followed elsewhere', async () => {
    zadarma.serveAudio('redirect')
    await expectRefused(/redirect \(HTTP 302\)/)
    expect(zadarma.ledAstray()).toBe(0)
  })

  it('is not taken where it is cut short', async () => {
    zadarma.serveAudio('cut')
    await expectRefused(/broke the connection off/)
    zadarma.serveAudio('whole')
    await fetchNow()
    expect(await onlyRow()).toMatchObject({ status: 'available' })
  })

  it('is not taken where it says to be too large', async () => {
    await expectRefused(/larger than 0\.0009765625 MB.*RECORDING_MAX_MB/, { maximumBytes: 1024 })
  })

  it('is not taken where it never ends, and ends as soon as it is too large', async () => {
    let sent = 0
    const host = await hostThat((response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' })
      const more = (): void => {
        while (!response.destroyed && response.write(FRAME)) sent += FRAME.length
      }
      response.on('drain', more)
      more()
    })
    await expectRefused(/larger than 1 MB/, { from: host.from })
    // Beside what lies in the buffers of the connection.
    expect(sent).toBeLessThan(32 * 1024 * 1024)
    await host.close()
  })

  it('is not taken where it is no audio, whatever it calls itself', async () => {
    zadarma.serveAudio('endless')
    await expectRefused(/no audio/)
  })

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['a few bytes', FRAME.subarray(0, 11)],
    ['a page', padded('<!doctype html><script>')],
    ['another RIFF', padded('RIFF\x24\x00\x00\x00AVI LIST')],
    ['AAC, which has nearly the same first bits', padded('\xff\xf1\x50\x80')],
    ['a frame with a bit rate that is none', padded('\xff\xfb\xf0\x00')],
  ])('is not taken where it is %s', async (_, body) => {
    const host = await hostThat((response) => response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(body))
    await expectRefused(/no audio/, { from: host.from })
    await host.close()
  })

  it.each([
    ['an mp3 that begins with a tag', 'audio/mpeg', 'mp3', padded('ID3\x04\x00\x00')],
    ['an mp3 of MPEG-2', 'audio/mpeg', 'mp3', padded('\xff\xf3\x44\xc4')],
    ['a wav', 'audio/wav', 'wav', padded('RIFF\x24\x00\x00\x00WAVEfmt ')],
    ['an ogg', 'audio/ogg', 'ogg', padded('OggS\x00\x02')],
  ])('is known as %s by its first bytes alone', async (_, contentType, extension, body) => {
    const host = await hostThat((response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': body.length })
      // Byte by byte: the first ones may come in pieces.
      response.write(body.subarray(0, 1), () => response.end(body.subarray(1)))
    })
    await toldCall()
    await fetchNow({ from: host.from })
    const { id, ...row } = await onlyRow()
    expect(row).toMatchObject({ status: 'available', content_type: contentType, size_bytes: body.length })
    expect(await files()).toEqual([`${id}.${extension}`])
    await host.close()
  })

  it('is given up for now where nothing comes', async () => {
    const host = await hostThat((response) => void response.writeHead(200).write(FRAME))
    await expectRefused(/sends nothing for 0\.05 s/, { from: host.from, limits: { stallMs: 50 } })
    await host.close()
  })

  it('is given up for now where it only trickles', async () => {
    const host = await hostThat((response) => {
      response.writeHead(200)
      const trickle = setInterval(() => response.write(FRAME), 10)
      response.on('close', () => clearInterval(trickle))
    })
    await expectRefused(/takes longer than 0\.2 s/, { from: host.from, limits: { longestMs: 200 } })
    await host.close()
  })

  it.each([
    ['http://zadarma.com/a.mp3'],
    ['https://zadarma.com.evil.example/a.mp3'],
    ['https://evilzadarma.com/a.mp3'],
    ['https://zadarma.com:8443/a.mp3'],
    ['https://somebody@zadarma.com/a.mp3'],
    ['https://zadarma.com@evil.example/a.mp3'],
    ['http://localhost:1/a.mp3'],
    ['http://169.254.169.254/latest/meta-data'],
    ['file:///etc/passwd'],
    ['data:audio/mpeg;base64,SUQzBAAAAAAAAAAAAAAA'],
    ['no address'],
  ])('does not come from %s', async (link) => {
    zadarma.account.linkTo = () => link
    await expectRefused(/from which nothing is fetched|no address/)
  })

  it('leaves no link in the database', async () => {
    const host = await hostThat((response) => response.writeHead(500).end())
    await expectRefused(/HTTP 500/, { from: host.from })
    const [{ text } = { text: '' }] = await service.sql<{ text: string }>(
      `select json_agg(r)::text || (select coalesce(json_agg(i)::text, '') from inbox i) as text from recordings r`,
    )
    expect(text).not.toMatch(/a-link-that-nobody-may-read/)
    await host.close()
  })
})

describe('a server that ends meanwhile', () => {
  it('leaves a recording that the next one fetches', async () => {
    await toldCall()
    zadarma.serveAudio('slow')
    const stopping = new AbortController()
    await service.sql(`update recordings set due_at = now() - interval '1 second'`)
    const fetched = fetching({}, stopping.signal)
    while ((await files()).length === 0) await new Promise((resolve) => setImmediate(resolve))
    stopping.abort()
    await fetched
    expect(await onlyRow()).toMatchObject({ status: 'expected', fault: null })
    expect(await files()).toEqual([])
    zadarma.serveAudio('whole')
    await fetchNow()
    expect(await onlyRow()).toMatchObject({ status: 'available' })
  })

  it('and is killed leaves nothing that stays', async () => {
    const { name } = await toldCall()
    await fetchNow()
    const { id, file_name } = await onlyRow()
    const file = path.join(folder, file_name ?? '')
    // As it is between the renaming and the word of the database.
    await writeFile(file, 'what an earlier try has left')
    await writeFile(path.join(path.dirname(file), `${id}.1.unfinished`), 'half')
    await service.sql(
      `update recordings set status = 'expected', due_at = now() - interval '1 second', file_name = null, content_type = null,
        size_bytes = null, sha256 = null`,
    )
    const next = await createTestService({ ...database, recordingsDir: folder })
    await fetching({ database: next.database })
    await next.close()
    expect(await onlyRow()).toMatchObject({ status: 'available', file_name, tries: 2 })
    expect(await readFile(file)).toEqual(audioOf(name, 'mp3'))
    expect(await files()).toEqual([`${id}.mp3`])
  })
})

// ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

describe('the audio of a call', () => {
  let url: string
  let audio: Buffer
  let etag: string

  beforeEach(async () => {
    const { callId, name } = await toldCall('ogg')
    await fetchNow()
    audio = audioOf(name, 'ogg')
    etag = `"${createHash('sha256').update(audio).digest('hex')}"`
    url = `/api/crm/calls/${callId}/recording`
  })

  const ask = (headers: Record<string, string> = {}, method: InjectOptions['method'] = 'GET', at = url) =>
    service.app.inject({ method: method ?? 'GET', url: at, headers: { authorization: `Bearer ${KEY}`, ...headers } })

  it('comes whole, with all that a player needs and nothing that a browser could run', async () => {
    const { statusCode, headers, rawPayload } = await ask()
    expect(statusCode).toBe(200)
    expect(rawPayload).toEqual(audio)
    expect(headers).toMatchObject({
      'content-type': 'audio/ogg',
      'content-length': String(audio.length),
      'content-disposition': 'inline; filename="2026-03-02T09-15-00Z_+34612345678.ogg"',
      'accept-ranges': 'bytes',
      etag,
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': 'sandbox',
    })
  })

  it('can be had by the recording’s own address too', async () => {
    const { id } = await onlyRow()
    const { statusCode, rawPayload } = await ask({}, 'GET', `${url}s/${id.toUpperCase()}`)
    expect(statusCode).toBe(200)
    expect(rawPayload).toEqual(audio)
  })

  it('is told by HEAD without its bytes', async () => {
    const { statusCode, headers, rawPayload } = await ask({}, 'HEAD')
    expect([statusCode, rawPayload.length]).toEqual([200, 0])
    expect(headers).toMatchObject({ etag, 'content-length': String(audio.length), 'content-type': 'audio/ogg' })
  })

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=10-19', 10, 20],
    ['bytes=100-', 100, undefined],
    ['bytes=-7', -7, undefined],
    ['bytes=10-999999999', 10, undefined],
    ['Bytes=1-2', 1, 3],
  ])('comes in part: %s', async (range, from, to) => {
    const { statusCode, headers, rawPayload } = await ask({ range })
    const part = audio.subarray(from, to)
    const first = from < 0 ? audio.length + from : from
    expect(statusCode).toBe(206)
    expect(rawPayload).toEqual(part)
    expect(headers).toMatchObject({
      'content-range': `bytes ${first}-${first + part.length - 1}/${audio.length}`,
      'content-length': String(part.length),
      'content-type': 'audio/ogg',
      etag,
    })
  })

  it.each([
    ['bytes=0-1,5-6'],
    ['bytes=9-3'],
    ['bytes=a-b'],
    ['bytes=-'],
    ['bytes=-999999999'],
    ['lines=1-2'],
    ['bytes=1'],
  ])('comes whole where %s asks for no one part', async (range) => {
    const { statusCode, headers, rawPayload } = await ask({ range })
    expect(statusCode).toBe(200)
    expect(rawPayload).toEqual(audio)
    expect(headers).not.toHaveProperty('content-range')
  })

  it.each([['bytes=999999-'], ['bytes=999999-1000000'], ['bytes=-0']])('has no bytes for %s', async (range) => {
    const { statusCode, headers, body } = await ask({ range })
    expect(statusCode).toBe(416)
    expect(headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/problem\+json/),
      'content-range': `bytes */${audio.length}`,
    })
    expect(JSON.parse(body)).toMatchObject({ status: 416, detail: `The recording has ${audio.length} bytes.` })
  })

  it('is not sent again to somebody who has it', async () => {
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { statusCode, headers, rawPayload } = await ask({ 'if-none-match': known })
      expect([statusCode, rawPayload.length, headers.etag]).toEqual([304, 0, etag])
    }
    expect((await ask({ 'if-none-match': '"other"' })).statusCode).toBe(200)
  })

  it('goes on only where it is still the same', async () => {
    const range = 'bytes=10-19'
    expect((await ask({ range, 'if-range': etag })).statusCode).toBe(206)
    for (const other of ['"other"', `W/${etag}`, 'Mon, 02 Mar 2026 09:15:00 GMT']) {
      const { statusCode, rawPayload } = await ask({ range, 'if-range': other })
      expect(statusCode).toBe(200)
      expect(rawPayload).toEqual(audio)
    }
  })

  it('is for nobody without a key', async () => {
    const { id } = await onlyRow()
    for (const at of [url, `${url}s/${id}`]) {
      for (const method of ['GET', 'HEAD'] as const) {
        const { statusCode, headers } = await service.app.inject({ method, url: at })
        expect(statusCode).toBe(401)
        expect(headers).not.toHaveProperty('etag')
      }
    }
  })

  it('is not there where there is no call, no recording, or one of another call', async () => {
    const { id } = await onlyRow()
    const other = callOfPbx(0)
    await notify({ event: 'NOTIFY_OUT_START', pbx_call_id: other.pbx_call_id, internal: '1', destination: '1' })
    const { id: otherId } = await callOf(other)
    const details: [string, string][] = [
      [`/api/crm/calls/${randomUUID()}/recording`, 'There is no call with this id.'],
      [`/api/crm/calls/${otherId}/recording`, 'The call has no such recording.'],
      [`/api/crm/calls/${otherId}/recordings/${id}`, 'The call has no such recording.'],
      [`${url}s/${randomUUID()}`, 'The call has no such recording.'],
    ]
    for (const [at, detail] of details) {
      const answer = await service.request('GET', at)
      expect([answer.status, answer.body.detail]).toEqual([404, detail])
    }
    expect((await service.request('GET', `${url}s/no-id`)).status).toBe(400)
    expect((await service.request('GET', `${url}?a=b`)).status).toBe(422)
    expect((await service.request('POST', url, {})).status).toBe(405)
  })

  it('is expected as long as it is not there', async () => {
    const { callId } = await toldCall()
    const answer = await service.request('GET', `/api/crm/calls/${callId}/recording`)
    expect([answer.status, answer.body.detail]).toEqual([404, 'The recording is expected, and not there yet.'])
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  })

  it('is the first that is there', async () => {
    const scenario = callOfPbx(2)
    await tellEnd(scenario)
    await fetchNow()
    await fetching()
    const [first, second] = (await callOf(scenario)).recordings
    await service.sql(
      `update recordings set status = 'missing', file_name = null, content_type = null, size_bytes = null, sha256 = null
       where id = $1`,
      [first.id],
    )
    const { statusCode, rawPayload } = await ask({}, 'GET', `/api/crm/calls/${(await callOf(scenario)).id}/recording`)
    expect(statusCode).toBe(200)
    expect(rawPayload).toEqual(audioOf(scenario.recordingIds[1] ?? '', 'mp3'))
    expect(second.id).not.toBe(first.id)
  })

  it('is no longer there once its call is deleted, or its file is gone', async () => {
    const { file_name } = await onlyRow()
    await rm(path.join(folder, file_name ?? ''))
    const gone = await ask()
    expect([gone.statusCode, gone.json().detail]).toEqual([404, 'The recording was fetched, but its file is gone.'])
    expect((await service.request('DELETE', url.replace('/recording', ''))).status).toBe(204)
    expect((await ask()).statusCode).toBe(404)
  })
})
