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

it('whose number it is, among 200 000 contacts', async () => {
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
  await door.notify(service, outEnd(outId(), newNumber(), 'busy'))
  expect(plans).not.toEqual([])
  for (const plan of plans) {
    expect(plan).toMatch(/contacts_by_phone/)
    expect(plan).not.toMatch(/contacts_by_created_at|Seq Scan on contacts/)
  }
  await service.close()
})
