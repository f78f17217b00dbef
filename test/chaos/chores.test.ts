import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { createTestDatabase } from '../service.ts'

it('a chore that stands behind slow ones waits for as long as they may take', async () => {
  const test = await createTestDatabase()
  const database = openDatabase({ connection: test.connection, hasPooler: false, onIdleError: () => undefined })
  const slow = [1, 2].map(() => sql`select pg_sleep(6)`.execute(database.chores))
  const { rows } = await sql<{ one: number }>`select 1 as one`.execute(database.chores)
  expect(rows).toEqual([{ one: 1 }])
  await Promise.all(slow)
  await database.close()
  await test.drop()
})
