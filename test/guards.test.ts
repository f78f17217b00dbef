import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from './service.ts'

/* R13: what the database itself refuses, whoever writes. */

let database: TestDatabase
let client: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  client = new pg.Client(database.connection)
  await client.connect()
})

afterAll(async () => {
  await client.end()
  await database.drop()
})

/** Inserts a row of JSON; columns that it lacks get their defaults. */
async function insert(table: string, row: Record<string, unknown>): Promise<void> {
  const columns = Object.keys(row).join(', ')
  await client.query(
    `insert into ${table} (${columns}) select ${columns} from json_populate_record(null::${table}, $1::json)`,
    [JSON.stringify(row)],
  )
}

/** The constraint or SQLSTATE that refused it; null where it was taken. */
async function refusalOf(inserting: Promise<void>): Promise<string | null> {
  try {
    await inserting
    return null
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return error.constraint ?? error.code ?? 'unknown'
  }
}

const TIMES = [1, 2, 3, 4, 5, 6].map((day) => `2025-01-0${day}T10:00:00Z`)

const attempt = (number: number, fields: object = {}): object => ({
  status: 'orange',
  call_id: `call ${number}`,
  attempted_at: TIMES[number - 1],
  notes: '',
  ...fields,
})

/** An opportunity with as many sound attempts. */
function opportunity(count: number, fields: object = {}): Record<string, unknown> {
  const attempts = Array.from({ length: count }, (_, place) => [String(place + 1), attempt(place + 1)])
  return {
    id: randomUUID(),
    contact_id: randomUUID(),
    first_call_attempts: Object.fromEntries(attempts),
    attempt_call_created_at: Array.from({ length: count }, () => null),
    last_contact_attempt_at: TIMES[count - 1] ?? null,
    ...fields,
  }
}

/** One with these attempts, of which the last one's time is told. */
const withAttempts = (attempts: object, count: number): Record<string, unknown> =>
  opportunity(count, { first_call_attempts: attempts })

describe('R13: the database takes', () => {
  it.each([0, 1, 2, 5])('an opportunity with %i sound attempts', async (count) => {
    expect(await refusalOf(insert('lead_opportunities', opportunity(count)))).toBeNull()
  })

  it('a green attempt with what follows from it', async () => {
    const green = { '1': attempt(1), '2': attempt(2, { status: 'green' }) }
    const follows = { first_call_attempts: green, first_call_completed: true, first_call_successful_attempt: 2 }
    expect(await refusalOf(insert('lead_opportunities', opportunity(2, follows)))).toBeNull()
  })
})

describe('R13: the database refuses', () => {
  const { notes: _, ...withoutNotes } = attempt(1) as Record<string, unknown>
  const malformed: [string, object, number][] = [
    ['a sixth attempt', Object.fromEntries([1, 2, 3, 4, 5, 6].map((number) => [number, attempt(number)])), 5],
    ['a gap', { '1': attempt(1), '3': attempt(2) }, 2],
    ['a start at 2', { '2': attempt(1) }, 1],
    ['a number 0', { '0': attempt(1), '1': attempt(1) }, 1],
    ['a number that is none', { '1': attempt(1), first: attempt(2) }, 1],
    ['a list', [attempt(1)], 1],
    ['an attempt that is no object', { '1': 'green' }, 1],
    ['a missing field', { '1': withoutNotes }, 1],
    ['a field too many', { '1': attempt(1, { colour: 'green' }) }, 1],
    ['a colour that is none', { '1': attempt(1, { status: 'blue' }) }, 1],
    ['a colour in capitals', { '1': attempt(1, { status: 'Green' }) }, 1],
    ['no colour', { '1': attempt(1, { status: null }) }, 1],
    ['a call_id that is no string', { '1': attempt(1, { call_id: 7 }) }, 1],
    ['an empty call_id', { '1': attempt(1, { call_id: '' }) }, 1],
    ['notes that are no string', { '1': attempt(1, { notes: null }) }, 1],
    ['a time with another zone', { '1': attempt(1, { attempted_at: '2025-01-01T10:00:00+00:00' }) }, 1],
    ['a time without a zone', { '1': attempt(1, { attempted_at: '2025-01-01T10:00:00' }) }, 1],
    ['a time that is a number', { '1': attempt(1, { attempted_at: 1 }) }, 1],
    ['a point without digits', { '1': attempt(1, { attempted_at: '2025-01-01T10:00:00.Z' }) }, 1],
    ['digits of another script', { '1': attempt(1, { attempted_at: '٢٠٢٥-01-01T10:00:00Z' }) }, 1],
    ['no time', { '1': attempt(1, { attempted_at: null }) }, 1],
    ['a microsecond', { '1': attempt(1, { attempted_at: '2025-01-01T10:00:00.000001Z' }) }, 1],
    ['attempts out of order', { '1': attempt(2, { call_id: 'a' }), '2': attempt(1), '3': attempt(3) }, 3],
    ['one call twice', { '1': attempt(1), '2': attempt(2, { call_id: 'call 1' }) }, 2],
  ]
  it.each(malformed)('%s', async (_, attempts, count) => {
    const refusal = await refusalOf(insert('lead_opportunities', withAttempts(attempts, count)))
    // Where the number of attempts does not fit either, the check whose name comes first refuses.
    expect(['first_call_attempts_sound', 'every_attempt_has_its_origin']).toContain(refusal)
  })

  it('a day that is none', async () => {
    const bad = withAttempts({ '1': attempt(1, { attempted_at: '2025-02-31T10:00:00Z' }) }, 1)
    expect(await refusalOf(insert('lead_opportunities', bad))).not.toBeNull()
  })

  const green = { '1': attempt(1, { status: 'green' }) }
  const contradicting: [string, object, string][] = [
    ['completed without a green attempt', { first_call_completed: true }, 'first_call_completed_follows'],
    [
      'a green attempt and not completed',
      { first_call_attempts: green, first_call_successful_attempt: 1 },
      'first_call_completed_follows',
    ],
    [
      'a successful attempt that is not green',
      { first_call_completed: true, first_call_successful_attempt: 1 },
      'first_call_successful_attempt_follows',
    ],
    [
      'a green attempt that is not said to be successful',
      { first_call_attempts: green },
      'first_call_successful_attempt_follows',
    ],
    ['another time of the last attempt', { last_contact_attempt_at: TIMES[3] }, 'last_contact_attempt_at_follows'],
    ['no time of the last attempt', { last_contact_attempt_at: null }, 'last_contact_attempt_at_follows'],
    ['an attempt without origin', { attempt_call_created_at: [] }, 'every_attempt_has_its_origin'],
  ]
  it.each(contradicting)('%s', async (_, fields, constraint) => {
    expect(await refusalOf(insert('lead_opportunities', opportunity(1, fields)))).toBe(constraint)
  })

  const call = (fields: object = {}): Record<string, unknown> => ({
    id: randomUUID(),
    direction: 'outbound',
    outcome: 'no_open_opportunity',
    ...fields,
  })

  it('one provider’s call twice', async () => {
    const key = { provider: 'pbx', provider_call_id: '1' }
    expect(await refusalOf(insert('calls', call(key)))).toBeNull()
    expect(await refusalOf(insert('calls', call(key)))).toBe('calls_by_provider_key')
    expect(await refusalOf(insert('calls', call({ provider: 'pbx' })))).toBe('provider_key_is_whole')
  })

  it('a stone with content', async () => {
    const stone = { deleted_at: TIMES[0] }
    expect(await refusalOf(insert('calls', call(stone)))).toBeNull()
    for (const content of [{ phone_number: '1' }, { entity_id: randomUUID() }, { sources: { direction: 'person' } }]) {
      expect(await refusalOf(insert('calls', call({ ...stone, ...content })))).toBe('stone_is_empty')
    }
  })

  it('a registered call without an opportunity, and one of an opportunity that is not there', async () => {
    expect(await refusalOf(insert('calls', call({ outcome: 'registered' })))).toBe('named_where_decided')
    const nowhere = { outcome: 'registered', opportunity_id: randomUUID() }
    expect(await refusalOf(insert('calls', call(nowhere)))).toBe('calls_opportunity_id_fkey')
  })

  it('a pending call that is never due', async () => {
    expect(await refusalOf(insert('calls', call({ outcome: 'pending' })))).toBe('pending_is_due')
  })

  it('one foreign call_id in two opportunities', async () => {
    const [first, second] = [opportunity(0), opportunity(0)]
    await insert('lead_opportunities', first)
    await insert('lead_opportunities', second)
    const holding = (opportunity_id: unknown) =>
      refusalOf(insert('foreign_attempts', { call_id: 'older-1', opportunity_id }))
    expect(await holding(first.id)).toBeNull()
    expect(await holding(second.id)).toBe('foreign_attempts_pkey')
  })

  it('one key for two requests', async () => {
    const key = { owner: 'somebody', key: 'one' }
    await insert('idempotency_requests', { ...key, request_hash: 'first' })
    const answering = (place: number, request_hash: string) =>
      refusalOf(insert('idempotency_keys', { ...key, place, request_hash, answer: {} }))
    expect(await answering(0, 'first')).toBeNull()
    expect(await answering(1, 'first')).toBeNull()
    expect(await answering(2, 'second')).toBe('idempotency_keys_owner_key_request_hash_fkey')
    expect(await refusalOf(insert('idempotency_requests', { ...key, request_hash: 'second' }))).toBe(
      'idempotency_requests_pkey',
    )
  })
})
