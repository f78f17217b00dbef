import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tellFigures } from '../figures.ts'
import { urlTo } from '../postgres.ts'
import { createTestDatabase, type TestDatabase } from '../service.ts'
import { load, makeLeads, RESTLESS } from './load.ts'
import { chanceFor, drained, judge, newRecorder, startServices } from './stage.ts'

/* R14: eight writers move the same few calls between contacts, and close and reopen what they move to. */

/** A minute by `npm run chaos`. */
const SECONDS = Number(process.env.R14_SECONDS ?? 8)
const WRITERS = 8
/** The smaller, the more often two of them want the same. */
const CONTACTS = 2

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})

afterAll(() => database.drop())

describe('R14: calls that are moved both ways', () => {
  it('show no client a deadlock or a serialisation failure, and leave nothing wrong', async () => {
    const random = chanceFor('R14')
    const fleet = await startServices(3, { DATABASE_URL: urlTo(database.connection) })
    try {
      const recorder = newRecorder()
      const around = { recorder, random, addresses: fleet.addresses }
      const leads = await makeLeads(around, CONTACTS)
      await load({
        ...around,
        leads,
        writers: WRITERS,
        mix: RESTLESS,
        greens: 0.02,
        signal: AbortSignal.timeout(SECONDS * 1_000),
      })
      const drainMs = await drained(fleet.address(0), database.connection)
      const { wrongs, sentence } = await judge(recorder, fleet.address(1))
      const moves = recorder.exchanges.filter(({ body, status }) => 'entity_id' in body && status === 200).length
      tellFigures('R14', `${SECONDS} s, ${moves} moves; ${sentence}; nothing pending after ${drainMs.toFixed()} ms`)
      expect(wrongs.slice(0, 20)).toEqual([])
      expect(recorder.counts().unanswered).toBe(0)
      expect(moves).toBeGreaterThan(SECONDS * 10)
    } finally {
      await fleet.close()
    }
  })

  it('(control) deadlock where each move locks what it leaves, then what it enters', async () => {
    const pool = new pg.Pool({ ...database.connection, max: WRITERS })
    // The last ones may still be going when the database is dropped.
    pool.on('error', () => undefined)
    const { rows } = await pool.query<{ id: string }>('select id from lead_opportunities limit 2')
    const [a = '', b = ''] = rows.map(({ id }) => id)
    const deadline = performance.now() + 3_000
    let deadlocks = 0
    const move = async (from: string, to: string): Promise<void> => {
      const client = await pool.connect()
      try {
        await client.query('begin')
        for (const id of [from, to])
          await client.query('update lead_opportunities set revision = revision where id = $1', [id])
        await client.query('commit')
      } catch (error) {
        await client.query('rollback')
        if (!(error instanceof pg.DatabaseError && error.code === '40P01')) throw error
        deadlocks++
      } finally {
        client.release()
      }
    }
    const writer = async (place: number): Promise<void> => {
      while (deadlocks === 0 && performance.now() < deadline) await (place % 2 === 0 ? move(a, b) : move(b, a))
    }
    await Promise.all(Array.from({ length: WRITERS }, (_, place) => writer(place)))
    await pool.end()
    tellFigures('R14', `${deadlocks} deadlocks`, true)
    expect(deadlocks).toBeGreaterThan(0)
  })
})
