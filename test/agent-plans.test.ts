import { Kysely, PostgresDialect } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listCalls } from '../src/calls/store.ts'
import { listContacts } from '../src/contacts/store.ts'
import { type Database, openDatabase } from '../src/database/database.ts'
import type { Tables } from '../src/database/tables.ts'
import { listOpportunities } from '../src/opportunities/store.ts'
import { createTestDatabase, type TestDatabase } from './service.ts'

/* What an agent may see is found by keys, also where nearly everything is somebody else's. */

const COUNT = 20_000

/** In a row's place, or hashed for all rows at once. */
const WHOLE_TABLE = /Seq Scan on (calls|contacts|lead_opportunities|listed_opportunities)\b|hashed SubPlan/

let test: TestDatabase
let database: Database
/** What was asked of the database. */
const asked: { sql: string; parameters: readonly unknown[] }[] = []

beforeAll(async () => {
  test = await createTestDatabase()
  database = openDatabase({ connection: test.connection, hasPooler: false, onIdleError: () => undefined })
  const client = await database.patient.connect()
  for (const table of ['contacts', 'lead_opportunities'])
    await client.query(`alter table ${table} disable trigger user`)
  await client.query(`create temporary table made as
    select place, gen_random_uuid() as id, gen_random_uuid() as contact_id, now() - place * interval '1 minute' as at,
      case when place > ${COUNT} - 3 then 'new' else 'agent' || place % 40 end as agent
    from generate_series(1, ${COUNT}) as place`)
  await client.query(`insert into contacts (id, name, search_text, created_at)
    select contact_id, 'García', ' garcia', at from made`)
  await client.query(`insert into lead_opportunities (id, contact_id, contact_search_text, assigned_to, created_at)
    select id, contact_id, ' garcia', agent, at from made`)
  await client.query(`insert into listed_opportunities
    select id, at, 'pending', agent, null, false, 0, null, '-infinity', ' garcia' from made`)
  await client.query(`insert into calls (id, direction, entity_type, entity_id, outcome, opportunity_id, started_at)
    select gen_random_uuid(), 'outbound', 'contacts', contact_id, 'limit_reached', id, at from made
    union all
    select gen_random_uuid(), 'inbound', 'contacts', contact_id, 'not_outbound', null, at from made
    union all
    select gen_random_uuid(), 'inbound', 'opportunities', id, 'not_outbound', null, at from made`)
  for (const table of [
    'contacts',
    'lead_opportunities',
    'listed_opportunities',
    'calls',
    'contacts_without_opportunity',
  ]) {
    await client.query(`analyze ${table}`)
  }
  client.release()
  const dialect = new PostgresDialect({ pool: database.general })
  const query = new Kysely<Tables>({ dialect, log: (event) => void asked.push(event.query) })
  database = { ...database, query }
})

afterAll(async () => {
  await database.close()
  await test.drop()
})

const LISTS: [string, (sight: { userId: string }) => Promise<{ data: unknown[] }>, few: number][] = [
  ['opportunities', (sight) => listOpportunities(database, {}, '-created_at', 50, null, sight), 3],
  [
    'opportunities by status',
    (sight) => listOpportunities(database, { status: 'pending' }, '-created_at', 50, null, sight),
    3,
  ],
  [
    'opportunities by attempt',
    (sight) => listOpportunities(database, {}, 'last_contact_attempt_at', 50, null, sight),
    3,
  ],
  ['contacts', (sight) => listContacts(database, {}, 50, null, sight), 3],
  ['contacts by name', (sight) => listContacts(database, { q: 'garcia' }, 50, null, sight), 3],
  ['opportunities by name', (sight) => listOpportunities(database, { q: 'garcia' }, '-created_at', 50, null, sight), 3],
  ['calls', (sight) => listCalls(database, {}, 50, null, sight), 9],
  ['calls by outcome', (sight) => listCalls(database, { outcome: 'not_outbound' }, 50, null, sight), 6],
]

it.each(LISTS)('of %s: three of many, and one in forty', async (_, list, few) => {
  for (const [userId, count] of [
    ['new', few],
    ['agent7', 50],
  ] as const) {
    asked.length = 0
    expect((await list({ userId })).data).toHaveLength(count)
    expect(asked).not.toEqual([])
    for (const { sql, parameters } of asked) {
      const { rows } = await database.general.query(`explain ${sql}`, [...parameters])
      const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n')
      expect(plan).not.toMatch(WHOLE_TABLE)
    }
  }
})

it('a page of which every row is looked for as one would write it reads all opportunities: the check above can fail', async () => {
  const of = (alias: string) => `select from lead_opportunities where ${alias}`
  const { rows } = await database.general.query(`explain select id from (
      select * from calls where deleted_at is null order by happened_at desc, id desc limit 2000) as calls
    where exists (${of('id = calls.opportunity_id')} and (assigned_to is null or assigned_to = 'new'))
      or not exists (${of('contact_id = calls.entity_id')}) limit 51`)
  const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n')
  expect(plan).toMatch(WHOLE_TABLE)
})
