import { randomUUID } from 'node:crypto'
import { Kysely, PostgresDialect } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Database, openDatabase } from '../src/database/database.ts'
import type { Tables } from '../src/database/tables.ts'
import { claimNext, countWaiting, findNextDue, listQueue } from '../src/queue/store.ts'
import { createTestDatabase, type TestDatabase } from './service.ts'

/* Whom to call next is found by the queue's own indexes, however much there is. */

const COUNT = 20_000
const WHOLE_TABLE = /Seq Scan on (contacts|lead_opportunities|listed_opportunities|claims)\b|hashed SubPlan/

let test: TestDatabase
let database: Database
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
  await client.query(`insert into lead_opportunities (id, contact_id, assigned_to, created_at)
    select id, contact_id, agent, at from made`)
  await client.query(`insert into listed_opportunities
    select id, at, 'pending', agent, null, false, place % 5, null,
      case place % 5 when 0 then '-infinity' else at end, ' garcia' from made`)
  // Of a day, all over: a table with none is rightly read as a whole.
  await client.query(`insert into claims (opportunity_id, owner, name, claimed_until)
    select id, 'somebody', 'Somebody', now() - interval '1 day' from made`)
  for (const table of ['contacts', 'lead_opportunities', 'listed_opportunities', 'claims'])
    await client.query(`analyze ${table}`)
  client.release()
  const dialect = new PostgresDialect({ pool: database.general })
  database = { ...database, query: new Kysely<Tables>({ dialect, log: (event) => void asked.push(event.query) }) }
}, 60_000)

afterAll(async () => {
  await database.close()
  await test.drop()
})

it.each([['everything'], [{ userId: 'agent7' }], [{ userId: 'new' }]] as const)('by whoever sees %j', async (sight) => {
  asked.length = 0
  const whole = { sight, retryMinutes: 60, after: null, freeFor: { owner: 'me', desk: '' }, skipped: [randomUUID()] }
  const { data } = await listQueue(database, whole, 50, 'me')
  expect(data).toHaveLength(sight !== 'everything' && sight.userId === 'new' ? 3 : 50)
  expect(await claimNext(database, whole, { owner: 'me', name: 'Me', desk: '' })).toMatchObject({
    id: data[0]?.opportunity.id,
  })
  await countWaiting(database, whole)
  await findNextDue(database, whole)
  const queries = asked.filter(({ sql }) => sql.includes('listed_opportunities'))
  expect(queries).toHaveLength(4)
  for (const { sql, parameters } of queries) {
    const { rows } = await database.general.query(`explain ${sql}`, [...parameters])
    const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n')
    expect(plan).not.toMatch(WHOLE_TABLE)
    expect(plan).toMatch(/listed_opportunities_(un)?tried/)
  }
})
