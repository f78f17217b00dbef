import { randomUUID } from 'node:crypto'
import { Kysely, PostgresDialect } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Tables } from '../src/database/tables.ts'
import { countOpportunities, listOpportunities } from '../src/opportunities/store.ts'
import { makeKey, type TestKey } from './keys.ts'
import { invite } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* What a table of leads asks for: each with its contact, how many there are, whose they are, and who there is. */

const OPPORTUNITIES = '/api/crm/opportunities'

let database: TestDatabase
let service: TestService
let viewer: TestKey

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  viewer = await makeKey(service, { role: 'viewer' })
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

async function make(url: string, fields: object) {
  const { status, body } = await service.request('POST', url, fields)
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

const ask = async (url: string, headers: Record<string, string> = {}) =>
  (await service.request('GET', url, undefined, headers)).body

it('an opportunity comes with its contact where that is asked for, and else as ever', async () => {
  const {
    created_at: _,
    updated_at: __,
    revision: ___,
    ...contact
  } = await make('/api/crm/contacts', {
    name: 'Íñigo Núñez',
    phones: ['612345678'],
    timezone: 'Atlantic/Canary',
  })
  const known = await make(OPPORTUNITIES, { contact_id: contact.id, title: 'Piso' })
  const again = await make(OPPORTUNITIES, { contact_id: contact.id, title: 'Plaza' })
  const unknown = await make(OPPORTUNITIES, { contact_id: randomUUID() })
  expect(await ask(`${OPPORTUNITIES}?include=contact`)).toEqual({
    data: [
      { ...unknown, contact: null },
      { ...again, contact },
      { ...known, contact },
    ],
    next_cursor: null,
  })
  expect(await ask(`${OPPORTUNITIES}/${known.id}?include=contact`)).toEqual({ ...known, contact })
  expect(await ask(OPPORTUNITIES)).toEqual({ data: [unknown, again, known], next_cursor: null })
  expect(await ask(`${OPPORTUNITIES}/${known.id}`)).toEqual(known)
  const { status, body } = await service.request('GET', `${OPPORTUNITIES}?include=calls`)
  expect([status, body.errors.map(({ path }: { path: string }) => path)]).toEqual([422, ['include']])
})

it('those of nobody are found, and counted as the list has them', async () => {
  await service.sql('truncate contacts, lead_opportunities, listed_opportunities cascade')
  const contact_id = randomUUID()
  const each = [null, 'ana', null, 'luis', null].map((assigned_to, place) => ({
    assigned_to,
    status: place < 3 ? 'pending' : 'won',
  }))
  for (const fields of each) await make(OPPORTUNITIES, { contact_id, title: 'Piso', ...fields })
  const ana = await makeKey(service, { role: 'agent' })
  for (const [query, count] of [
    ['', 5],
    ['assigned=false', 3],
    ['assigned=false&status=pending', 2],
    ['assigned=false&assigned_to=ana', 0],
    ['assigned_to=ana', 1],
    ['status=won&sort=created_at', 2],
    ['status=won&assigned_to=luis', 1],
    ['q=piso&status=pending', 3],
    ['q=casa', 0],
  ] as const) {
    const { data } = await ask(`${OPPORTUNITIES}?${query}`)
    expect(data, query).toHaveLength(count)
    const counted = query.replace('&sort=created_at', '')
    expect(await ask(`${OPPORTUNITIES}/count?${counted}`), query).toEqual({ count, more: false })
  }
  // An agent counts what he sees.
  expect(await ask(`${OPPORTUNITIES}/count`, ana.headers)).toEqual({ count: 3, more: false })
  expect((await service.request('GET', `${OPPORTUNITIES}?assigned=true`)).status).toBe(422)
})

it('counting stops where it would take long, and goes by keys', async () => {
  // To make so much takes longer than a request may.
  const patiently = (text: string) => service.database.patient.query(text)
  await patiently('truncate contacts, lead_opportunities, listed_opportunities cascade')
  await patiently(`insert into lead_opportunities (id, contact_id, status, assigned_to, title_search_text, created_at)
    select gen_random_uuid(), gen_random_uuid(), case when place % 2 = 0 then 'pending' else 'won' end,
      case when place % 3 = 0 then 'ana' end, ' piso', now() - place * interval '1 minute'
    from generate_series(1, 12000) as place`)
  await patiently('analyze lead_opportunities')
  await patiently('analyze listed_opportunities')
  expect(await ask(`${OPPORTUNITIES}/count`)).toEqual({ count: 10_000, more: true })
  expect(await ask(`${OPPORTUNITIES}/count?status=won`)).toEqual({ count: 6_000, more: false })
  expect(await ask(`${OPPORTUNITIES}/count?status=won&attempts=0`)).toEqual({ count: 1_000, more: true })
  expect(await ask(`${OPPORTUNITIES}/count?q=piso`)).toEqual({ count: 200, more: true })

  // Of a table that is mostly what is asked for, PostgreSQL rightly reads the whole.
  await patiently(`insert into lead_opportunities (id, contact_id, status, title_search_text, created_at)
    select gen_random_uuid(), gen_random_uuid(), 'lost', ' piso', now() - place * interval '1 minute'
    from generate_series(1, 60000) as place`)
  await patiently('analyze lead_opportunities')
  await patiently('analyze listed_opportunities')
  const asked: { sql: string; parameters: readonly unknown[] }[] = []
  const dialect = new PostgresDialect({ pool: service.database.general })
  const query = new Kysely<Tables>({ dialect, log: (event) => void asked.push(event.query) })
  const watched = { ...service.database, query }
  for (const filter of [{}, { status: 'won' }, { assigned: 'false' as const }, { status: 'won', attempts: 0 }]) {
    await countOpportunities(watched, filter)
    await listOpportunities(watched, filter, '-created_at', 50, null)
  }
  for (const { sql, parameters } of asked.filter(({ sql }) => !sql.startsWith('select "id"'))) {
    const rows = await service.sql(`explain ${sql}`, [...parameters])
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    // What is counted is bounded, in whatever order PostgreSQL comes to it; what is listed comes in order.
    expect(plan, sql).not.toMatch(sql.startsWith('select count') ? /Seq Scan/ : /Seq Scan|Sort/)
  }
})

it('everybody learns the names of who may log in, and nothing else of them', async () => {
  const people = [await invite(service, { role: 'agent' }), await invite(service, { role: 'manager' })]
  const gone = await invite(service)
  await service.request('PATCH', `/api/admin/users/${gone.id}`, { disabled: true })
  const expected = people
    .map(({ id }, place) => ({ id, name: 'Ana García', role: place === 0 ? 'agent' : 'manager' }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  expect(await ask('/api/crm/people', viewer.headers)).toEqual({ data: expected, next_cursor: null })
  // Whose leads, calls and changes are shown still.
  const all = [
    ...expected.map((person) => ({ ...person, disabled: false })),
    { id: gone.id, name: 'Ana García', role: 'agent', disabled: true },
  ].sort((a, b) => (a.id < b.id ? -1 : 1))
  expect(await ask('/api/crm/people?include=disabled', viewer.headers)).toEqual({ data: all, next_cursor: null })
})
