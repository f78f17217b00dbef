import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createJudging } from './drawn-answers.ts'
import { callersOf } from './drawn-callers.ts'
import { createDrawing, type Description, type DrawnRequest, type Known } from './drawn-requests.ts'
import { invite, invited, PASSWORD, tokenOf, totp } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { createRandom, type Random } from './zadarma/random.ts'
import { startZadarmaServer, type ZadarmaServer } from './zadarma-server.ts'

/* S4: whoever asks for whatever, no answer blames the service, and each is one that the description knows. */

const REQUESTS = Number(process.env.S4_REQUESTS ?? 400)
const SEED = Number(process.env.S4_SEED ?? 4)
const AT_ONCE = 8
const TIMEOUT_MS = Math.max(60_000, REQUESTS * 50)
/** So many things are remembered to be asked for again. */
const MOST_KNOWN = 60

let database: TestDatabase
let service: TestService
let zadarma: ZadarmaServer
let folder: string

beforeAll(async () => {
  database = await createTestDatabase()
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-drawn-'))
  zadarma = await startZadarmaServer({ key: 'test-key', secret: 'test-secret', zone: 'Europe/Madrid' })
  service = await createTestService({
    ...database,
    zadarma: { apiUrl: zadarma.url },
    recordingsDir: folder,
    mailsDir: folder,
  })
})

afterAll(async () => {
  await service.close()
  await zadarma.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

/** Something of everything, so that what is asked for may be there. */
async function furnish(): Promise<Known> {
  const [contactId, opportunityId, callId, recordingId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
  // Nobody deletes it.
  const heardId = randomUUID()
  await service.request('POST', '/api/crm/contacts', { id: contactId, name: 'Ana', phones: ['612345678'] })
  await service.request('POST', '/api/crm/opportunities', { id: opportunityId, contact_id: contactId })
  const call = { id: callId, direction: 'outbound', entity_type: 'contacts', entity_id: contactId }
  await service.request('POST', '/api/crm/calls', call)
  await service.request('POST', '/api/crm/calls', { ...call, id: heardId })
  const audio = Buffer.from('ID3 audio')
  await writeFile(path.join(folder, 'drawn.mp3'), audio)
  await service.sql(
    `insert into recordings (id, call_id, provider, status, file_name, content_type, size_bytes, sha256)
     values ($1, $2, 'zadarma', 'available', 'drawn.mp3', 'audio/mpeg', $3, $4)`,
    [recordingId, heardId, audio.length, createHash('sha256').update(audio).digest()],
  )
  const [ana, waiting] = [await invited(service), await invite(service)]
  return {
    ids: [contactId, opportunityId, callId, recordingId, ana.id, '00000000-0000-4000-8000-000000000000'],
    idsOf: {
      '/api/crm/calls/{id}/recording': [heardId],
      '/api/crm/calls/{id}/recordings/{recording_id}': [heardId, recordingId],
    },
    words: {
      email: [ana.email, 'nobody@example.com'],
      token: [waiting.token],
      password: [PASSWORD],
      current_password: [PASSWORD],
      code: ['000000'],
      cursor: [],
      user_id: [ana.id, 'agent 7'],
    },
  }
}

/** What an answer tells of what is there now. */
function learn(
  { ids, words }: Known,
  random: Random,
  { method, path: asked }: DrawnRequest & { path: string },
  body: string,
): void {
  const { id, data, next_cursor: cursor, link, totp_uri: uri, ...rest } = JSON.parse(body)
  const add = (known: string[], one: unknown) => {
    if (typeof one === 'string')
      known.splice(known.length < MOST_KNOWN ? known.length : random.between(0, MOST_KNOWN - 1), 1, one)
  }
  if (method === 'POST') add(ids, id)
  if (asked === '/api/crm/review') for (const item of data ?? []) add(ids, item.id)
  add(words.cursor ?? [], cursor)
  for (const code of rest.backup_codes ?? []) add(words.code ?? [], code)
  if (typeof link?.url === 'string') add(words.token ?? [], tokenOf(link.url))
  if (typeof uri === 'string') add(words.code ?? [], totp(uri))
}

it(`${REQUESTS} requests drawn from the description with the seed ${SEED} are answered by it`, {
  timeout: TIMEOUT_MS,
}, async () => {
  const random = createRandom(SEED)
  const description = service.app.swagger() as unknown as Description
  const known = await furnish()
  const callers = await callersOf(service, random)
  const admins = callers.filter(({ name }) => name.includes('admin'))
  const draw = createDrawing(random, description, known)
  const faultOf = createJudging(description)
  const faults: unknown[] = []
  const seen = new Map<number, number>()
  for (let asked = 0; asked < REQUESTS; asked += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const { path, ...request } = draw()
        // Admins get furthest.
        const caller = random.pick(random.chance(0.5) ? admins : callers)
        const remoteAddress = `192.0.2.${random.between(1, 250)}`
        const headers = { ...(await caller.headers()), ...request.headers }
        const answer = await service.app.inject({ ...request, headers, remoteAddress } as InjectOptions)
        caller.answered?.(path, answer.headers)
        const { statusCode: status, body } = answer
        seen.set(status, (seen.get(status) ?? 0) + 1)
        const fault = faultOf({ ...request, path }, answer)
        if (fault !== null)
          faults.push({ fault, ...request, headers, caller: caller.name, status, body: body.slice(0, 500) })
        if (status >= 300) return
        if (String(answer.headers['content-type']).startsWith('application/json') && body !== '') {
          learn(known, random, { ...request, path }, body)
        }
      }),
    )
    // Passwords may be tried again, as if a quarter of an hour had gone by.
    if (asked % 400 === 0) await service.sql('delete from log_in_tries')
  }
  if (process.env.S4_REQUESTS !== undefined) console.log(Object.fromEntries([...seen].sort()))
  expect(faults).toEqual([])
  // The control: they get far enough to be answered in many ways, whoever asks; and an answer that is none is found.
  for (const status of [200, 201, 400, 401, 403, 404, 415, 422]) {
    expect(seen.get(status) ?? 0, `${status}`).toBeGreaterThan(0)
  }
  for (const { name, headers } of callers) {
    const { statusCode } = await service.app.inject({ url: '/api/me', headers: await headers() })
    if (/^a (key|person)/.test(name)) expect(statusCode, name).toBe(200)
  }
  const wrong = { path: '/api/crm/calls/{id}', method: 'GET', url: '/api/crm/calls/x', headers: {} }
  const headers = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff', 'x-request-id': 'one' }
  for (const [statusCode, body] of [
    [500, '{}'],
    [302, '{}'],
    [200, '{}'],
    [200, '{"id": "at f (/src/x.ts:1:2)"}'],
  ] as const) {
    expect(faultOf(wrong, { statusCode, headers, body })).not.toBeNull()
  }
})
