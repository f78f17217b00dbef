import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { colourOf, isEligible } from '../src/attempts/attempt.ts'
import { runCommandLine } from '../src/cli/run.ts'
import { FIGURES } from '../src/coverage/behind.ts'
import { showCoverage } from '../src/coverage/chore.ts'
import { slicesOf } from '../src/coverage/period.ts'
import { receiveMail } from '../src/mailbox/receive.ts'
import { makeScene, minute, outbound, PATIENTLY, post, stateOf, tamper } from './contradictions.ts'
import { urlTo } from './postgres.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import * as door from './zadarma-door.ts'
import { newNumber, outEnd, outId } from './zadarma-door.ts'

let database: TestDatabase
let service: TestService
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-coverage-'))
  database = await createTestDatabase()
  service = await createTestService({ ...database, recordingsDir: folder, mailsDir: folder, times: PATIENTLY })
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

const coverage = async (query = '') => (await service.request('GET', `/api/crm/coverage${query}`)).body

const wait = (ids: readonly string[], since: string) =>
  service.sql(
    `update calls set outcome = 'pending', opportunity_id = null, pending_since = $2, due_at = $2
     where id = any($1::uuid[])`,
    [ids, since],
  )

it('nothing is missing where there is nothing', async () => {
  expect(await coverage()).toEqual({
    eligible: 0,
    registered: 0,
    turned_away: { limit_reached: 0, first_call_completed: 0, no_open_opportunity: 0, unknown_contact: 0 },
    pending: 0,
    oldest_pending_at: null,
    contradictions: 0,
    share: 1,
  })
})

describe('the coverage of a period', () => {
  const [FROM, TO] = ['2025-03-10T00:00:00Z', '2025-03-11T00:00:00Z']
  const PERIOD = `?from=${FROM}&to=${TO}`
  const INSIDE = ['2025-03-10T00:00:00Z', '2025-03-10T12:00:00.500Z', '2025-03-10T23:59:59.999Z']
  const OUTSIDE = ['2025-03-09T23:59:59.999Z', '2025-03-11T00:00:00Z']

  beforeAll(async () => {
    for (const started_at of [...INSIDE, ...OUTSIDE]) {
      const made = async (fields: object = {}, opportunity: object | null = {}) => {
        const contactId = randomUUID()
        if (opportunity !== null)
          await post(service, '/api/crm/opportunities', { contact_id: contactId, ...opportunity })
        return post(service, '/api/crm/calls', outbound(contactId, { started_at, ...fields }))
      }
      await made()
      await made({}, null)
      await made({}, { status: 'lost' })
      await made({}, { first_call_completed: true })
      await made({ direction: 'inbound' })
      await made({ entity_type: 'companies' })
      await made({ entity_type: null })
      await made({ entity_id: null })
      const full = Object.fromEntries(
        [1, 2, 3, 4, 5].map((number) => [
          number,
          { status: 'red', call_id: randomUUID(), attempted_at: minute(number), notes: '' },
        ]),
      )
      await made({}, { first_call_attempts: full })
      // One that was registered, and is gone; and one that has waited since.
      const { id } = await made()
      await service.request('DELETE', `/api/crm/calls/${id}`)
      await wait([(await made({}, null)).id], started_at)
    }
  })

  it('counts what became of the calls from its first moment up to its last', async () => {
    expect(await coverage(PERIOD)).toEqual({
      eligible: 18,
      registered: 3,
      turned_away: { limit_reached: 3, first_call_completed: 3, no_open_opportunity: 3, unknown_contact: 3 },
      pending: 3,
      oldest_pending_at: FROM,
      contradictions: 0,
      share: 0.5,
    })
  })

  it.each(['', PERIOD, `?from=${FROM}`, `?to=${TO}`])(
    '“%s”: each figure is that of the calls of a list',
    async (query) => {
      const { turned_away, ...figures } = await coverage(query)
      const filter = query
        .slice(1)
        .replace('from=', 'started_from=')
        .replace('to=', 'started_to=')
        .replace('started_started_', 'started_')
      for (const figure of FIGURES.filter((name) => name !== 'eligible')) {
        const { body } = await service.request('GET', `/api/crm/calls?limit=200&outcome=${figure}&${filter}`)
        expect({ [figure]: body.data.length }).toEqual({ [figure]: figures[figure] ?? turned_away[figure] })
      }
      const { body } = await service.request('GET', `/api/crm/calls?limit=200&direction=outbound&${filter}`)
      const eligible = body.data.filter(isEligible)
      expect(figures.eligible).toBe(eligible.length)
    },
  )

  it.each([
    [`?from=${TO}&to=${FROM}`, 'to'],
    [`?from=${FROM}&to=${FROM}`, 'to'],
    ['?from=yesterday', 'from'],
    ['?form=2025-03-10T00:00:00Z', ''],
  ])('%s is refused', async (query, at) => {
    for (const url of ['/api/crm/coverage', '/api/crm/coverage/contradictions']) {
      const { status, body } = await service.request('GET', `${url}${query}`)
      expect(status).toBe(422)
      expect(body.errors.map((fault: { path: string }) => fault.path)).toContain(at === '' ? 'form' : at)
    }
  })

  it('is that of its slices, which lie one beside the other', async () => {
    const slices = []
    for await (const slice of slicesOf(service.database, {}, 4)) slices.push(slice)
    expect(slices.length).toBeGreaterThan(4)
    expect(slices.map(({ from }) => from)).toEqual([undefined, ...slices.slice(0, -1).map(({ to }) => to)])
    expect(slices.at(-1)?.to).toBeUndefined()
  })

  it('is shown to Prometheus for the last 24 hours', async () => {
    const contactId = randomUUID()
    const { id } = await post(service, '/api/crm/opportunities', { contact_id: contactId })
    await post(service, '/api/crm/calls', outbound(contactId))
    await post(service, '/api/crm/calls', outbound(randomUUID()))
    const shown = async () => {
      await showCoverage(service)
      const text = await service.metrics.registry.metrics()
      return [...text.matchAll(/^first_call_coverage_(\w+) (\S+)$/gm)].map(([, name, value]) => `${name} ${value}`)
    }
    expect(await shown()).toEqual(['contradictions 0', 'share 1', 'eligible 2', 'registered 1'])
    await tamper(service, id, () => [])
    expect(await shown()).toEqual(['contradictions 1', 'share 0.5', 'eligible 2', 'registered 1'])
    await post(service, '/api/crm/opportunities', { contact_id: contactId })
    await service.sql(`delete from calls where opportunity_id = $1`, [id])
  })
})

describe('what is asked of all calls at once', () => {
  const BLANKS = ['', ' ', '\t', '\u00a0', '\u3000 \n', '\ufeff', '\u2009']
  const WORDS = [
    'answered',
    'ANSWERED',
    'Completed',
    'rejected',
    'no_answer',
    'busy',
    'ringing',
    'İ',
    'ſ',
    '\u200b',
    'x',
  ]

  it('is what the heart says, whatever status, notes and times a call has', async () => {
    const statuses = BLANKS.flatMap((blank) => WORDS.map((word) => `${blank}${word}${blank}`))
    const notes = [null, '', ' \u00a0', 'Pide\nuna oferta ', '\u2003x']
    const started = [null, '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '2025-01-29T10:00:00.120Z']
    const calls = [...statuses, null].map((call_status, place) => ({
      ...outbound(randomUUID(), { call_status, started_at: started[place % 4] }),
      call_result: notes[place % 5],
      resumen_llamada: notes[place % 3],
    }))
    await Promise.all(
      calls.map((call) =>
        post(service, '/api/crm/opportunities', { contact_id: 'entity_id' in call && call.entity_id }),
      ),
    )
    const { body } = await service.request('POST', '/api/crm/calls/batch', { calls })
    const colours = body.results.map(({ call }: { call: { attempt: object } }) => call.attempt)
    expect(colours).toMatchObject([...statuses, null].map((status) => ({ status: colourOf(status) })))
    const { body: found } = await service.request('GET', '/api/crm/coverage/contradictions')
    expect(found.data).toEqual([])
  })
})

describe('the list of contradictions', () => {
  it('comes in pages, the oldest first', async () => {
    const scenes = await Promise.all(Array.from({ length: 3 }, () => makeScene(service)))
    for (const { opportunityId } of scenes) await tamper(service, opportunityId, () => [])
    const whole = (await service.request('GET', '/api/crm/coverage/contradictions')).body
    expect(whole.next_cursor).toBeNull()
    expect(new Set(whole.data.map((one: { call_id: string }) => one.call_id))).toEqual(
      new Set(scenes.flatMap(({ calls }) => calls)),
    )
    const pages = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const after: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body } = await service.request('GET', `/api/crm/coverage/contradictions?limit=2${after}`)
      pages.push(...body.data)
      cursor = body.next_cursor
    }
    expect(pages).toEqual(whole.data)
    const first = Buffer.from(JSON.stringify(['-infinity', randomUUID()])).toString('base64url')
    expect((await service.request('GET', `/api/crm/coverage/contradictions?cursor=${first}`)).body).toEqual(whole)
    const { body } = await service.request('GET', `/api/crm/coverage/contradictions?to=${minute(2)}`)
    expect(body.data).toEqual(whole.data.slice(0, 3))
    expect(await coverage(`?from=${minute(1)}&to=${minute(2)}`)).toMatchObject({
      registered: 3,
      contradictions: 3,
      share: 0.5,
    })
  })

  it('beside live traffic shows nothing that is not there', async () => {
    const { body } = await service.request('GET', '/api/crm/coverage/contradictions?limit=200')
    const scenes = await Promise.all(Array.from({ length: 10 }, () => makeScene(service)))
    let isOver = false
    const writers = Promise.all(
      scenes.map(async ({ calls }, place) => {
        for (let times = 0; !isOver; times++) {
          const [to, call_status] = [scenes[(place + times) % 10]?.contactId, times % 2 ? 'answered' : 'busy']
          await service.request('PATCH', `/api/crm/calls/${calls[times % 2]}`, { entity_id: to, call_status })
        }
      }),
    )
    for (let times = 0; times < 20; times++) {
      const now = await service.request('GET', '/api/crm/coverage/contradictions?limit=200')
      expect(now.body).toEqual(body)
    }
    isOver = true
    await writers
  })
})

describe('first-call', () => {
  async function run(...args: string[]) {
    const texts = { stdout: '', stderr: '' }
    const streamTo = (name: keyof typeof texts) =>
      new Writable({
        write: (chunk: Buffer, _, done) => {
          texts[name] += chunk.toString('utf8')
          done()
        },
      }) as NodeJS.WritableStream as NodeJS.WriteStream
    const code = await runCommandLine({
      args,
      env: { DATABASE_URL: urlTo(database.connection) },
      rootDir: path.resolve(import.meta.dirname, '..'),
      output: streamTo('stdout'),
      messages: streamTo('stderr'),
      signal: new AbortController().signal,
    })
    return { code, ...texts }
  }

  it('repair mends what coverage finds missing, and says what it does', async () => {
    const { stdout: all, code } = await run('coverage')
    expect(code).toBe(0)
    expect(all).toMatch(/^FIGURE +CALLS +WHAT\neligible +\d+ +outbound calls to contacts\nregistered +\d+ /)
    expect(all).toMatch(/\ncontradictions +6 .*\n\n\d\d\.\d\d % of the calls that should be attempts are\.\n/s)
    const period = ['--from', '2025-01-29T10:00:00Z', '--to', '2025-01-29T10:02:30Z']
    expect(JSON.parse((await run('coverage', ...period, '--json')).stdout)).toEqual(
      await coverage('?from=2025-01-29T10:00:00Z&to=2025-01-29T10:02:30Z'),
    )
    expect((await run('coverage', ...period, '--check')).code).toBe(1)

    const dry = await run('repair', '--dry-run')
    expect(dry.code).toBe(0)
    expect(dry.stdout).toMatch(/^would be mended {2}registered_without_attempt: call .*\n {2}→ registered as attempt/)
    expect(dry.stdout).toMatch(/\n6 contradictions would be mended, 0 left\.\n$/)
    const lists = await run('coverage', '--list', 'contradictions')
    expect(lists.stdout.trim().split('\n')).toHaveLength(6)
    const done = await run('repair', '--json')
    expect({ ...JSON.parse(done.stdout), contradictions: [] }).toEqual({
      dry_run: false,
      mended: 6,
      open: 0,
      failed: 0,
      contradictions: [],
    })
    expect((await run('repair')).stdout).toBe('0 contradictions mended, 0 left.\n')
    expect(await run('coverage', ...period, '--check')).toMatchObject({ code: 0, stderr: '' })
  })

  it('repair ends with code 1 where the calls do not tell what is right', async () => {
    const scene = await makeScene(service)
    const before = await stateOf(service, scene)
    const unknown = { status: 'red', notes: '', call_id: 'nobody', call_created_at: 0 } as const
    await tamper(service, scene.opportunityId, (attempts) => [
      ...attempts,
      { ...unknown, attempted_at: Date.parse(minute(5)) },
    ])
    const { code, stdout } = await run('repair')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^not mended {2}attempt_without_call: call nobody, opportunity .*--withdraw-unknown\n/s)
    expect((await run('repair', '--withdraw-unknown')).code).toBe(0)
    expect(await stateOf(service, scene)).toEqual(before)
  })

  it('coverage --list prints the ids behind each figure, and --check tells of calls that wait', async () => {
    const counted = await coverage()
    for (const figure of FIGURES) {
      const { stdout } = await run('coverage', '--list', figure)
      expect(stdout.split('\n').length - 1).toBe(counted[figure] ?? counted.turned_away[figure])
    }
    const { code, stderr } = await run('coverage', '--check')
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('A call has waited since 2025-03-'),
    })
    expect((await run('coverage', '--list', 'everything')).code).toBe(2)
  })
})

it('every door’s calls and messages are counted', async () => {
  const value = async (line: string): Promise<number> => {
    const text = await service.metrics.registry.metrics()
    return Number(
      text
        .split('\n')
        .find((one) => one.startsWith(`${line} `))
        ?.slice(line.length) ?? 0,
    )
  }
  const grown = async (line: string, act: () => Promise<unknown>): Promise<number> => {
    const before = await value(line)
    await act()
    return (await value(line)) - before
  }
  const REGISTERED = 'first_call_outcomes_total{outcome="registered"}'
  const number = newNumber()
  const { contactId } = await door.lead(service, number)
  let id = ''
  expect(
    await grown(REGISTERED, async () => {
      id = (await post(service, '/api/crm/calls', outbound(contactId))).id
    }),
  ).toBe(1)
  const patched = (fields: object) => () => service.request('PATCH', `/api/crm/calls/${id}`, fields)
  expect(await grown(REGISTERED, patched({ call_status: 'busy' }))).toBe(0)
  expect(await grown('first_call_outcomes_total{outcome="not_a_contact"}', patched({ entity_id: null }))).toBe(1)
  expect(await grown(REGISTERED, () => door.notify(service, outEnd(outId(), number, 'busy')))).toBe(1)

  const MAILS = 'first_call_messages_total{door="mail",result="accepted"}'
  const message = (): Buffer => Buffer.from(`Message-ID: <${randomUUID()}@example.com>\r\nSubject: x\r\n\r\nx`)
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield message()
  }
  expect(await grown(MAILS, () => receiveMail(chunks(), 'imap', service.mails))).toBe(1)
  const pushed = {
    method: 'POST',
    url: '/api/recordings/email',
    headers: { authorization: 'Bearer a-key-for-tests-that-is-long-enough-0', 'content-type': 'message/rfc822' },
  } as const
  expect(await grown(MAILS, () => service.app.inject({ ...pushed, payload: message() }))).toBe(1)
  const refused = 'first_call_messages_total{door="mail",result="refused"}'
  expect(await grown(refused, () => service.app.inject({ ...pushed, payload: '' }))).toBe(1)
})
