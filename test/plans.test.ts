import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, createTestService, type TestDatabase } from './service.ts'
import * as door from './zadarma-door.ts'
import { newNumber, outEnd, outId } from './zadarma-door.ts'

/* What a notification asks for is found by keys, however much there is. */

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const client = new pg.Client(database.connection)
  await client.connect()
  await client.query('alter table contacts disable trigger user')
  await client.query(
    `insert into contacts (id, name, search_text, phones, created_at)
     select gen_random_uuid(), 'x', 'x', array['+346' || place], now() + place * interval '1 minute'
     from generate_series(10000000, 10199999) as place`,
  )
  await client.query('alter table contacts enable trigger user')
  await client.query('analyze contacts')
  await client.end()
}, 120_000)

afterAll(() => database.drop())

/** How PostgreSQL reads what a notification of a call to a number, that ended, rests on. */
async function plansOfEnd(number: string): Promise<string[]> {
  const plans: string[] = []
  const service = await createTestService({
    ...database,
    wrapRun: (run) => async (name, text, values) => {
      if (name === 'read_all_by_number') {
        const lines = await run<{ 'QUERY PLAN': string }>(`explain_${name}`, `explain ${text}`, values)
        plans.push(lines.map((line) => line['QUERY PLAN']).join('\n'))
      }
      return run(name, text, values)
    },
  })
  await door.notify(service, outEnd(outId(), number, 'busy'))
  await service.close()
  expect(plans).not.toEqual([])
  return plans
}

it('whose number it is, among 200 000 contacts', async () => {
  for (const plan of await plansOfEnd(newNumber())) {
    expect(plan).toMatch(/contacts_by_phone/)
    expect(plan).not.toMatch(/contacts_by_created_at|Seq Scan on contacts/)
  }
})

it('what was said before of the call, among 50 000 requests and as many calls', async () => {
  const client = new pg.Client(database.connection)
  await client.connect()
  await client.query(
    `insert into calls (id, direction, outcome, sources)
     select gen_random_uuid(), 'outbound', 'not_a_contact', '{}' from generate_series(1, 50000)`,
  )
  await client.query(
    `insert into dial_requests (id, contact_id, extension, phone_number, written_call_id)
     select gen_random_uuid(), gen_random_uuid(), '101', '+349' || row_number() over () + 10000000, id from calls`,
  )
  await client.query('analyze calls, dial_requests')
  await client.end()
  const plans = await plansOfEnd('+34910000001')
  expect(plans).toHaveLength(2)
  for (const plan of plans) {
    expect(plan).toMatch(/dial_requests_open/)
    expect(plan).not.toMatch(/Seq Scan on (calls|dial_requests)/)
  }
})
