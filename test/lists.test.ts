import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPhone } from '../src/contacts/phone.ts'
import * as testing from './service.ts'

let database: testing.TestDatabase
let service: testing.TestService

beforeAll(async () => {
  database = await testing.createTestDatabase()
  service = await testing.createTestService(database)
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

type Fields = Record<string, unknown>
/** A row as it is answered. */
type Row = testing.Answer['body']
type Query = Record<string, string>

const CALLS = '/api/crm/calls'
const CONTACTS = '/api/crm/contacts'
const OPPORTUNITIES = '/api/crm/opportunities'

const forgetAll = () =>
  service.sql('truncate contacts, calls, lead_opportunities, listed_opportunities, foreign_attempts cascade')

async function make(url: string, fields: Fields): Promise<Row> {
  const { status, body } = await service.request('POST', url, fields)
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

const makeAll = (url: string, all: Fields[]): Promise<Row[]> => Promise.all(all.map((fields) => make(url, fields)))

const rowsOf = (count: number, fields: (number: number) => Fields): Fields[] =>
  Array.from({ length: count }, (_, number) => fields(number))

/** Takes turns through the values, at a pace of its own. */
const inTurn = <Value>(values: readonly Value[], number: number, pace = 1) =>
  values[Math.floor(number / pace) % values.length] as Value

const get = (url: string) => service.request('GET', url)
const ask = (url: string, query: Query) => get(`${url}?${new URLSearchParams(query)}`)

async function page(url: string, query: Query = {}): Promise<{ data: Row[]; next_cursor: string | null }> {
  const { status, body } = await ask(url, query)
  expect(status, JSON.stringify([query, body])).toBe(200)
  expect(Object.keys(body).sort()).toEqual(['data', 'next_cursor'])
  return body
}

/** Every row of a list, page by page; each page is full but the last one, which is not empty. */
async function walk(url: string, query: Query, limit: number, betweenPages = async (_: Row) => {}): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | null = null
  do {
    const place: Query = cursor === null ? {} : { cursor }
    const { data, next_cursor } = await page(url, { ...query, ...place, limit: `${limit}` })
    if (next_cursor !== null) expect(data).toHaveLength(limit)
    else if (cursor !== null) expect(data).not.toEqual([])
    rows.push(...data)
    cursor = next_cursor
    if (cursor !== null) await betweenPages(data.at(-1))
  } while (cursor !== null)
  return rows
}

const idsOf = (rows: readonly Row[]): string[] => rows.map(({ id }) => id)
const sorted = (texts: readonly string[]): string[] => [...texts].sort()

async function expectFaults(url: string, query: Query, paths = Object.keys(query)) {
  const { status, body } = await ask(url, query)
  expect(status, `${url} ${JSON.stringify(query)}`).toBe(422)
  expect(sorted(body.errors.map(({ path }: { path: string }) => path))).toEqual(paths)
}

/** Each of these values of each filter is refused by the filter's name. */
async function expectRefused(url: string, values: Record<string, string[]>) {
  const pairs = Object.entries(values).flatMap(([name, texts]) => texts.map((text) => ({ [name]: text })))
  for (const query of pairs) await expectFaults(url, query)
}

async function expectNothing(url: string, queries: Query[]) {
  for (const query of queries) expect(await page(url, query), JSON.stringify(query)).toEqual(EMPTY)
}

const EMPTY = { data: [], next_cursor: null }

/** Few moments for many rows: a millisecond apart, and at both ends of what is taken. */
const EARLY = '0001-01-01T00:00:00Z'
const LATE = '9999-12-31T23:59:59.999Z'
const TEN = '2025-01-29T10:00:00Z'
const JUST_AFTER = '2025-01-29T10:00:00.001Z'
const moment = (number: number) => inTurn([JUST_AFTER, EARLY, TEN, LATE, '2025-01-29T11:00:00.002+01:00'], number)

/** An attempt of an older system, with which an opportunity can have any time and colour. */
const olderAttempt = (attempted_at: string, status = 'orange') => ({ status, call_id: randomUUID(), attempted_at })

interface List {
  url: string
  query: Query
  fields: (number: number) => Fields
  /** The time that the list is sorted by. */
  timeOf: (row: Row) => string | null
  /** What changes in a row, its time left as it is. */
  change: Fields
}

const calls: List = {
  url: CALLS,
  query: {},
  // Half of the calls have not started: their created_at counts.
  fields: (number) => {
    const times = { created_at: moment(number), ...(number % 2 === 0 ? {} : { started_at: moment(number + 2) }) }
    return { direction: 'inbound', ...times }
  },
  timeOf: ({ started_at, created_at }) => started_at ?? created_at,
  change: { call_result: 'changed' },
}
const contacts: List = {
  url: CONTACTS,
  query: {},
  fields: (number) => ({ name: 'Ana', created_at: moment(number) }),
  timeOf: ({ created_at }) => created_at,
  change: { name: 'Eva' },
}
const opportunities = (sort?: string): List => ({
  url: OPPORTUNITIES,
  query: sort === undefined ? {} : { sort },
  fields: (number) => ({
    contact_id: randomUUID(),
    created_at: moment(number),
    first_call_attempts: number % 3 === 0 ? {} : { 1: olderAttempt(moment(number * 2)) },
  }),
  timeOf: (row) => row[sort?.replace('-', '') ?? 'created_at'],
  change: { title: 'changed' },
})
const SORTS = ['created_at', '-created_at', 'last_contact_attempt_at', '-last_contact_attempt_at']
const lists: [string, List][] = [
  ['calls', calls],
  ['contacts', contacts],
  ['opportunities', opportunities()],
  ...SORTS.map((sort): [string, List] => [`opportunities sorted by ${sort}`, opportunities(sort)]),
]

describe.each(lists)('pages of %s', (_, { url, query, fields, timeOf, change }) => {
  const COUNT = 51
  const direction = query.sort?.startsWith('-') === false ? 1 : -1
  /** Never tried is as tried longest ago. */
  const sortValue = (row: Row): number => Date.parse(timeOf(row) ?? '-000001-01-01T00:00:00Z')
  let made: Row[]

  beforeAll(async () => {
    await forgetAll()
    expect(await page(url, query)).toEqual(EMPTY)
    made = await makeAll(url, rowsOf(COUNT, fields))
  })

  it('give every row once, in order, where many have the same time', async () => {
    for (const limit of [1, 3, 17, 50, 51, 52]) {
      const rows = await walk(url, query, limit)
      expect(sorted(idsOf(rows))).toEqual(sorted(idsOf(made)))
      expect(rows.map(sortValue)).toEqual(made.map(sortValue).sort((a, b) => direction * (a - b)))
    }
  })

  it('show each row as its own address does', async () => {
    const { data } = await page(url, { ...query, limit: '10' })
    for (const row of data) expect((await get(`${url}/${row.id}`)).body).toEqual(row)
  })

  it('have 50 rows unless told otherwise, and 1 to 200', async () => {
    expect((await page(url, query)).data).toHaveLength(50)
    expect((await page(url, { ...query, limit: '200' })).data).toHaveLength(COUNT)
    await expectRefused(url, {
      limit: ['0', '-1', '201', '1.5', '', ' ', 'ten', 'NaN', 'Infinity', '1e400', '1e2', '0x10'],
    })
  })

  it('go on only from a cursor that the service wrote', async () => {
    const cursor = `${(await page(url, query)).next_cursor}`
    const texts = ['', ' ', '\u0000', 'x', '💥', cursor.slice(0, -4), cursor + cursor, cursor.padEnd(1_001, 'A')]
    const values = [null, {}, [], 7, [TEN], [TEN, 7], [TEN, 'x'], [7, randomUUID()], ['', randomUUID()]]
    const times = [
      'infinity',
      'now',
      '2025-02-29T10:00:00Z',
      '10000-01-01T00:00:00Z',
      '2025-01-29',
      '2025-01-29T10:00:00+20:00',
      `2025-01-29T10:00:00.${'1'.repeat(400)}Z`,
    ]
    const forged = [...values, ...times.map((time) => [time, randomUUID()])].map((value) => JSON.stringify(value))
    await expectRefused(url, { cursor: [...texts, ...forged.map((text) => Buffer.from(text).toString('base64url'))] })
    await expectFaults(url, { colour: 'red', cursor: 'x', limit: '0' })
  })

  it('give rows that stay once each, whatever is added, changed and deleted meanwhile', async () => {
    const deleted = new Set<string>()
    const rows = await walk(url, query, 10, async (last) => {
      await makeAll(url, rowsOf(5, fields))
      if ((await service.request('DELETE', `${url}/${last.id}`)).status === 204) deleted.add(last.id)
      const some = made.filter(({ id }, place) => place % 9 === 0 && !deleted.has(id))
      const answers = await Promise.all(some.map(({ id }) => service.request('PATCH', `${url}/${id}`, change)))
      for (const { status } of answers) expect(status).toBe(200)
    })
    const found = new Set(idsOf(rows))
    expect(found.size).toBe(rows.length)
    expect(idsOf(made).filter((id) => !found.has(id))).toEqual([])
  })
})

it('a cursor of another list, or with other filters, never shows what the filters leave out', async () => {
  await forgetAll()
  await makeAll(CONTACTS, rowsOf(6, contacts.fields))
  await makeAll(CALLS, rowsOf(6, calls.fields))
  const outbound = await makeAll(CALLS, [{ direction: 'outbound' }, { direction: 'outbound', created_at: EARLY }])
  for (const url of [CALLS, CONTACTS]) {
    const { next_cursor } = await page(url, { limit: '2' })
    const { status, body } = await ask(CALLS, { direction: 'outbound', cursor: `${next_cursor}` })
    expect([200, 422]).toContain(status)
    for (const id of idsOf(body.data ?? [])) expect(idsOf(outbound)).toContain(id)
  }
})

type Filter = [Query, (row: Row) => boolean]

/** Each filter alone leaves some rows and takes others out; each two of them leave what both leave. */
async function expectFiltersToHold(url: string, filters: readonly Filter[]) {
  const all = await walk(url, {}, 200)
  for (const [query, isMatch] of filters) {
    const ids = idsOf(all.filter(isMatch))
    expect(ids, `nothing matches ${JSON.stringify(query)}`).not.toEqual([])
    expect(ids.length, `everything matches ${JSON.stringify(query)}`).toBeLessThan(all.length)
    expect(idsOf(await walk(url, query, Math.ceil(ids.length / 2))), JSON.stringify(query)).toEqual(ids)
  }
  const pairs = filters.flatMap((one, place) => filters.slice(place + 1).map((other) => [one, other] as const))
  const independent = pairs.filter(([[one], [other]]) => Object.keys(one)[0] !== Object.keys(other)[0])
  // Some of the many, with steps that meet all names.
  const chosen = independent.filter((_, place) => place % Math.ceil(independent.length / 200) === 0)
  const found = chosen.map(async ([[one, isOne], [other, isOther]]) => {
    const query = { ...one, ...other }
    const rows = all.filter((row) => isOne(row) && isOther(row))
    expect(idsOf((await page(url, { ...query, limit: '200' })).data), JSON.stringify(query)).toEqual(idsOf(rows))
    return rows.length
  })
  expect((await Promise.all(found)).filter((count) => count > 0).length).toBeGreaterThan(chosen.length / 4)
}

/** A filter in several writings that all mean the same. */
const filtersOf = (name: string, values: readonly string[], isMatch: (row: Row) => boolean): Filter[] =>
  values.map((value) => [{ [name]: value }, isMatch])

/** A filter for rows that have the value itself. */
const equal = (name: string, values: readonly string[]): Filter[] =>
  values.map((value) => [{ [name]: value }, (row) => row[name] === value])

describe('filters of calls', () => {
  const [lead = '', full = '', done = '', closed = '', stranger = ''] = Array.from({ length: 5 }, () => randomUUID())
  let openId = ''

  beforeAll(async () => {
    await forgetAll()
    const five = [1, 2, 3, 4, 5].map((number) => [number, olderAttempt(`2024-01-0${number}T10:00:00Z`)])
    const [open] = await makeAll(OPPORTUNITIES, [
      { contact_id: lead },
      { contact_id: full, first_call_attempts: Object.fromEntries(five) },
      { contact_id: done, first_call_completed: true },
      { contact_id: closed, status: 'lost' },
    ])
    openId = open.id
    const people = [null, lead, full, done, closed, stranger]
    const made = await makeAll(
      CALLS,
      rowsOf(48, (number) => ({
        direction: inTurn(['outbound', 'outbound', 'inbound', 'internal'], number),
        entity_type: 'contacts',
        entity_id: inTurn(people, number),
        call_status: inTurn(['busy', 'rejected', null, 'llamará', ' Busy '], number, 2),
        phone_number: inTurn(['612345678', '+1 212 555 0123', 'anonymous', null, '112'], number, 3),
        ...(number % 4 === 3 ? {} : { provider: inTurn(['zadarma', 'pbx'], number, 5), provider_call_id: `${number}` }),
        ...(number % 5 === 0 ? {} : { started_at: moment(number) }),
        created_at: inTurn(['2025-01-29T09:59:59.999Z', JUST_AFTER], number),
      })),
    )
    const waiting = made.filter(({ attempt }) => attempt.outcome === 'no_open_opportunity').slice(0, 2)
    await service.sql(
      `update calls set outcome = 'pending', pending_since = now(), due_at = now() + interval '1 day' where id = any($1)`,
      [idsOf(waiting)],
    )
  })

  it('hold alone and two together', async () => {
    const since = (time: string) => (row: Row) => Date.parse(`${calls.timeOf(row)}`) >= Date.parse(time)
    const inside = ['not_outbound', 'not_a_contact', 'unknown_contact', 'registered', 'limit_reached', 'pending']
    const outcomes = [...inside, 'first_call_completed', 'no_open_opportunity']
    await expectFiltersToHold(CALLS, [
      ...equal('entity_id', [lead, stranger]),
      ...filtersOf('entity_id', [full.toUpperCase()], (row) => row.entity_id === full),
      ...equal('direction', ['inbound', 'outbound', 'internal']),
      ...equal('call_status', ['rejected', 'llamará']),
      // As A3 reads a status: letter case and outer blanks do not count.
      ...filtersOf('call_status', ['busy', 'BUSY '], (row) => row.call_status?.trim().toLowerCase() === 'busy'),
      ...outcomes.flatMap((outcome) => filtersOf('outcome', [outcome], (row) => row.attempt.outcome === outcome)),
      ...filtersOf('opportunity_id', [openId], (row) => row.attempt.opportunity_id === openId),
      ...equal('provider', ['zadarma', 'pbx']),
      ...equal('phone_number', ['+34612345678', 'anonymous', '112']),
      ...filtersOf('phone_number', ['0034 612-345-678'], (row) => row.phone_number === '+34612345678'),
      ...filtersOf('phone_number', ['12125550123'], (row) => row.phone_number === '+12125550123'),
      ...[TEN, JUST_AFTER, '2025-01-29T11:00:00.002+01:00', LATE].flatMap((time) => [
        ...filtersOf('started_from', [time], since(time)),
        ...filtersOf('started_to', [time], (row) => !since(time)(row)),
      ]),
    ])
  })

  it('that nothing matches leave an empty list', () =>
    expectNothing(CALLS, [
      ...['entity_id', 'opportunity_id'].map((name) => ({ [name]: randomUUID() })),
      ...['bus', 'bus%', 'bus_', 'llamara'].map((call_status) => ({ call_status })),
      ...['61234567', "' or true --"].map((phone_number) => ({ phone_number })),
      { provider: 'zadarm_' },
      { started_from: TEN, started_to: TEN },
      { started_from: LATE, started_to: EARLY },
    ]))

  it('with a value that is none are refused by name', () =>
    expectRefused(CALLS, {
      direction: ['Outbound', ''],
      outcome: ['none', ''],
      entity_id: ['x', ''],
      opportunity_id: ['7'],
      call_status: ['x'.repeat(41), '\u0000'],
      phone_number: ['x'.repeat(61)],
      provider: ['x'.repeat(101), '\u0000'],
      started_from: ['2025-01-29T10:00:00', '2025-01-29', ''],
      started_to: ['2025-02-29T10:00:00Z', 'now'],
    }))
})

describe('filters of opportunities', () => {
  const people = Array.from({ length: 3 }, () => randomUUID())

  beforeAll(async () => {
    await forgetAll()
    await makeAll(CONTACTS, [
      { id: people[0], name: 'Íñigo Núñez', phones: ['612345678'], email: 'inigo@example.com' },
      { id: people[1], name: 'Zoë 100% Sure', phones: ['+12125550123'] },
    ])
    const attempts = (number: number) =>
      rowsOf(number % 6, (place) => olderAttempt(`2025-01-0${place + 1}T10:00:00Z`, inTurn(COLOURS, number + place)))
    await makeAll(
      OPPORTUNITIES,
      rowsOf(60, (number) => ({
        contact_id: inTurn(people, number),
        title: inTurn(['Piso en Chamberí', 'Plan 24-7 (2025)', null, 'piso_dos\\b 50%'], number, 2),
        status: inTurn(STATUSES, number),
        assigned_to: inTurn(['Marta', 'marta', null], number, 3),
        source: inTurn(['web', 'web form', null], number, 4),
        first_call_attempts: Object.fromEntries(attempts(number).map((attempt, place) => [place + 1, attempt])),
        ...(number % 12 === 0 ? { first_call_completed: true } : {}),
        created_at: moment(number),
      })),
    )
  })

  const COLOURS = ['green', 'orange', 'red']
  const STATUSES = ['pending', 'assigned', 'contacted', 'won', 'En espera']
  const attemptsOf = (row: Row): Row[] => Object.values(row.first_call_attempts)
  const searches = (isMatch: (row: Row) => boolean, ...texts: string[]) => filtersOf('q', texts, isMatch)
  const isTitled = (text: string) => (row: Row) => row.title?.includes(text) ?? false
  const isOf = (person: number) => (row: Row) => row.contact_id === people[person]

  it('hold alone and two together', () =>
    expectFiltersToHold(OPPORTUNITIES, [
      ...equal('contact_id', people),
      ...equal('status', STATUSES),
      ...filtersOf('status', ['WON'], (row) => row.status === 'won'),
      ...equal('assigned_to', ['Marta', 'marta']),
      ...equal('source', ['web', 'web form']),
      ...filtersOf('first_call_completed', ['true'], (row) => row.first_call_completed),
      ...filtersOf('first_call_completed', ['false'], (row) => !row.first_call_completed),
      ...[0, 1, 2, 3, 4, 5].flatMap((n) => filtersOf('attempts', [`${n}`], (row) => attemptsOf(row).length === n)),
      ...COLOURS.flatMap((word) => filtersOf('last_status', [word], (row) => attemptsOf(row).at(-1)?.status === word)),
      ...searches(isTitled('Chamberí'), 'CHAMBERI', 'piso  en', 'en chamberí'),
      ...searches(isTitled('piso_dos'), 'o_d', 's\\b', '50%'),
      ...searches(isTitled('24-7'), '24-7', '7 (2025)', '24-7 (2025)'),
      ...searches(isOf(0), 'ÍÑIGO', 'nunez', 'inigo@', '(612) 34-56.78', '0034 612 34 56 78', '0034 612', '345678'),
      ...searches(isOf(1), 'zoe', '100%', '+1 212'),
    ]))

  it('hold in every order', async () => {
    const query = { status: 'won', assigned_to: 'marta' }
    const { data } = await page(OPPORTUNITIES, query)
    for (const sort of SORTS) {
      expect(sorted(idsOf(await walk(OPPORTUNITIES, { ...query, sort }, 2)))).toEqual(sorted(idsOf(data)))
    }
  })

  it('hold among some that are named, too, in every order', async () => {
    const { data } = await page(OPPORTUNITIES, { limit: '200' })
    const named = data.filter((_, number) => number % 3 === 0)
    const ids = [...idsOf(named), randomUUID()].join(',')
    const matching: [Query, (row: Row) => boolean][] = [
      [{}, () => true],
      [{ q: 'CHAMBERI' }, isTitled('Chamberí')],
      [{ q: '24-7', status: 'won' }, (row) => isTitled('24-7')(row) && row.status === 'won'],
      [{ status: 'won', assigned_to: 'marta' }, (row) => row.status === 'won' && row.assigned_to === 'marta'],
      [{ assigned: 'false' }, (row) => row.assigned_to === null],
      [{ attempts: '0', last_status: 'red' }, () => false],
    ]
    for (const [query, isMatch] of matching) {
      for (const sort of SORTS) {
        const found = await walk(OPPORTUNITIES, { ...query, ids: ids.toUpperCase(), sort }, 7)
        expect(sorted(idsOf(found))).toEqual(sorted(idsOf(named.filter(isMatch))))
        const all = await walk(OPPORTUNITIES, { ...query, sort }, 50)
        expect(idsOf(found)).toEqual(idsOf(all).filter((id) => ids.includes(id)))
      }
    }
  })

  it('find what is too long for an index, whichever way it is sorted', async () => {
    // Of letters that take four bytes and hardly repeat, or they would be stored in less.
    const letters = (count: number, first: number) =>
      Array.from({ length: count }, (_, at) =>
        String.fromCodePoint(0x20000 + ((at * 7_919 + first * 613) % 40_000)),
      ).join('')
    const phones = Array.from({ length: 20 }, (_, at) => `+3463${String(3_000_000 + at * 7_919)}`)
    const contact = await make(CONTACTS, { name: letters(200, 1), phones })
    const lead = await make(OPPORTUNITIES, {
      contact_id: contact.id,
      title: `${letters(491, 2)} the end`,
      assigned_to: letters(200, 3),
      source: letters(200, 4),
    })
    for (const sort of SORTS) {
      for (const q of ['the end', phones[19] ?? '']) {
        expect(idsOf((await page(OPPORTUNITIES, { q, sort })).data)).toEqual([lead.id])
      }
      const byAgent = await page(OPPORTUNITIES, { assigned_to: lead.assigned_to, source: lead.source, sort })
      expect(idsOf(byAgent.data)).toEqual([lead.id])
    }
    await service.request('DELETE', `${OPPORTUNITIES}/${lead.id}`)
    await service.request('DELETE', `${CONTACTS}/${contact.id}`)
  })

  it('that nothing matches leave an empty list', () =>
    expectNothing(OPPORTUNITIES, [
      ...[{ contact_id: randomUUID() }, { status: 'wo%' }, { assigned_to: 'MARTA' }, { source: 'we_' }],
      ...['%', '_', '\\', '%%%', '___', 'o%d', 'chamberi piso', '700000000'].map((q) => ({ q })),
    ]))

  it('with a value that is none are refused by name', () =>
    expectRefused(OPPORTUNITIES, {
      attempts: ['6', '-1', '', '1.0', '0x1'],
      last_status: ['blue', 'Green', ''],
      first_call_completed: ['1', 'TRUE', ''],
      sort: ['name', '+created_at', '--created_at', ''],
      contact_id: ['x', ''],
      ids: ['', 'x', `${randomUUID()},`, Array.from({ length: 101 }, () => randomUUID()).join(',')],
      status: [' ', 'x'.repeat(41)],
      q: ['\u0000', 'x'.repeat(201)],
    }))
})

/** One number as people write it. */
const WRITINGS = [
  ...['+34 612 34 56 78', '0034612345678', '612345678', '(612) 34-56.78', '34612345678', '612/345678', ' 612345678 '],
  ...['tel:+34612345678', 'TEL:612-34-56-78', '612–34–56–78', '612\u00a0345\u00a0678', '\u200e+34612345678'],
  ...['６１２３４５６７８', '+34 (612) 345678'],
]
const NUMBER = '+34612345678'

describe('filters of contacts', () => {
  beforeAll(async () => {
    await forgetAll()
    await makeAll(CONTACTS, [
      { name: 'José García Ñandú', phones: ['612345678', '+1 212 555 0123'] },
      { name: 'Jose Garcia', email: 'Pepe.Garcia@example.com', phones: ['612345679'] },
      { name: '100% Ana_Belén \\ Co', phones: ['+34612345678'] },
      { name: 'AnaxBelén 24-7' },
    ])
  })

  const searches = (name: RegExp, ...texts: string[]) => filtersOf('q', texts, (row) => name.test(row.name))

  it('hold alone and two together', () =>
    expectFiltersToHold(CONTACTS, [
      ...searches(/Garc/, 'garcia', 'GARCÍA', 'Jose  GARCIA', 'Garci\u0301a', ' garcía '),
      ...searches(/José/, 'ñandú', 'NANDU', '212 555', '+1 (212)', '001 212', '0012125550123'),
      ...searches(/Jose/, 'pepe.garcia@EXAMPLE', '612345679', '5679'),
      ...searches(/100%/, 'a_b', '0% a', 'n \\ c', '100%', '\\'),
      ...searches(/24-7/, '24-7', 'AnaXb'),
      ...searches(/Bel/, 'belen'),
      ...filtersOf('q', WRITINGS, (row) => row.phones.includes(NUMBER)),
      ...filtersOf('phone', WRITINGS, (row) => row.phones.includes(NUMBER)),
      ...filtersOf('phone', ['+1 (212) 555-0123', '001 212 555 0123', '12125550123'], (row) => row.phones.length > 1),
    ]))

  it('take a plus sign that became a blank on its way', async () => {
    expect((await get(`${CONTACTS}?phone=+34612345678&q=+34612345678`)).body.data).toHaveLength(2)
  })

  it('that nothing matches leave an empty list; a blank search takes nothing out', async () => {
    await expectNothing(CONTACTS, [
      ...['%', '_', '%%%', '___', 'a%b', 'garcia%', "' or true --", '712345678'].map((q) => ({ q })),
      ...[{ phone: '612345670' }, { phone: '+13612345678' }],
    ])
    for (const q of ['', ' ']) expect((await page(CONTACTS, { q })).data).toHaveLength(4)
  })

  it('with a value that is none are refused by name', () =>
    expectRefused(CONTACTS, {
      phone: ['anonymous', '', '612345678 ext 5', '12', '612%', 'tel:', '\u0000'],
      q: ['\u0000', 'x'.repeat(201)],
    }))
})

describe('telephone numbers of contacts', () => {
  it('are kept as E.164, each once, in the order given', async () => {
    expect(await make(CONTACTS, { name: 'Ana', phones: WRITINGS })).toMatchObject({ phones: [NUMBER] })
    const { id } = await make(CONTACTS, { name: 'Ana', phones: ['447911123456', ...WRITINGS, '0049 171 1234567'] })
    expect((await get(`${CONTACTS}/${id}`)).body.phones).toEqual(['+447911123456', NUMBER, '+491711234567'])
    await service.request('PATCH', `${CONTACTS}/${id}`, { phones: [...WRITINGS, '5511987654321', '612345678'] })
    expect((await get(`${CONTACTS}/${id}`)).body.phones).toEqual([NUMBER, '+5511987654321'])
  })

  it('may be twenty', async () => {
    const phones = Array.from({ length: 20 }, (_, number) => `+346123456${number + 10}`)
    expect(await make(CONTACTS, { name: 'Ana', phones })).toMatchObject({ phones })
  })

  it('may be shared: each contact that has one is found by it, and by none that it has no more', async () => {
    const shared = { name: 'Ana', phones: ['+34698765432'] }
    const [one, two, three] = await makeAll(CONTACTS, [shared, shared, shared])
    const found = async (phone: string) => sorted(idsOf((await page(CONTACTS, { phone })).data))
    expect(await found('698765432')).toEqual(sorted(idsOf([one, two, three])))
    await service.request('PATCH', `${CONTACTS}/${one.id}`, { phones: ['698765431'] })
    await service.request('DELETE', `${CONTACTS}/${two.id}`)
    expect(await found('698765432')).toEqual([three.id])
    expect(await found('698765431')).toEqual([one.id])
  })

  const white = [...' \t\n\v\f\r\u00a0\u1680\u2000\u2009\u2028\u2029\u202f\u205f\u3000\ufeff']
  const separator = fc.constantFrom('', '', ...white, ...'-./()\u2013\u200b\u200e')

  it('are the same number with any separators at any places', () => {
    const writing = fc.constantFrom('612345678', '+34612345678', '0034612345678', '34612345678')
    const separated = writing.chain((digits) =>
      fc
        .array(separator, { minLength: digits.length + 1, maxLength: digits.length + 1 })
        .map(([first = '', ...rest]) => first + [...digits].map((digit, place) => digit + rest[place]).join('')),
    )
    fc.assert(
      fc.property(separated, (text) => {
        expect(readPhone(text, 'ES')).toBe(NUMBER)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each(['612345678+', '61+2345678', '++34612345678', '+34+612345678', '+', '-', '()'])(
    'are not read where a plus sign or the digits are out of place: %s',
    (text) => expect(readPhone(text, 'ES')).toBeNull(),
  )

  it('that come with a tab or a line break are kept without it', async () => {
    const phones = ['612345678\n', '\t698\u2028765\u1680432\r']
    expect(await make(CONTACTS, { name: 'Ana', phones })).toMatchObject({ phones: [NUMBER, '+34698765432'] })
    expect(await make(CALLS, { direction: 'inbound', phone_number: '612345678\n' })).toMatchObject({
      phone_number: NUMBER,
    })
  })

  it.each([
    ['GB', '07911 123456', '+447911123456'],
    ['MX', '55 1234 5678', '+525512345678'],
    ['US', '(212) 555-0123', '+12125550123'],
    ['US', '34612345678', NUMBER],
    ['ES', '07911 123456', null],
  ] as const)('are read with the default country: %s %s', (country, text, number) => {
    expect(readPhone(text, country)).toBe(number)
  })
})

describe('PATCH of a contact', () => {
  const reachable = { phones: ['+34655555555'], email: 'i@example.com' }
  const whole = { name: 'Íñigo', timezone: 'Europe/Madrid', opt_out: true, ...reachable }
  const change = (id: string, fields: Fields) => service.request('PATCH', `${CONTACTS}/${id}`, fields)

  it.each<[Fields, Fields]>([
    [{ email: null }, { email: null }],
    [{ timezone: null }, { timezone: null }],
    [{ phones: [] }, { phones: [] }],
    [{ opt_out: false }, { opt_out: false }],
    [{ name: ' Eva ' }, { name: 'Eva' }],
    [
      { email: null, phones: ['612345678'] },
      { email: null, phones: [NUMBER] },
    ],
  ])('%j changes that, and leaves what is not sent', async (sent, changed) => {
    const made = await make(CONTACTS, whole)
    const { status, body } = await change(made.id, sent)
    expect([status, body]).toEqual([200, { ...made, ...changed, revision: 2, updated_at: body.updated_at }])
    expect((await get(`${CONTACTS}/${made.id}`)).body).toEqual(body)
  })

  it('cannot clear what is always there, nor write what is the server’s', async () => {
    const made = await make(CONTACTS, whole)
    for (const field of ['name', 'phones', 'opt_out', 'id', 'created_at', 'updated_at', 'revision']) {
      const { status, body } = await change(made.id, { email: null, [field]: null })
      expect([status, body.errors?.map(({ path }: { path: string }) => path)]).toEqual([422, [field]])
    }
    expect((await get(`${CONTACTS}/${made.id}`)).body).toEqual(made)
  })

  it('changes by what the contact is found', async () => {
    await forgetAll()
    const { id } = await make(CONTACTS, whole)
    await change(id, { name: 'Eva', email: null })
    for (const q of ['inigo', 'i@example']) expect(await page(CONTACTS, { q })).toEqual(EMPTY)
    for (const q of ['EVA', '655 555']) expect(idsOf((await page(CONTACTS, { q })).data)).toEqual([id])
  })
})

describe('deletions', () => {
  const remove = (url: string, id: string) => service.request('DELETE', `${url}/${id}`)
  const person = async () => (await make(CONTACTS, { name: 'Ana' })).id as string
  const outbound = (entity_id: string) => ({ direction: 'outbound', entity_type: 'contacts', entity_id })
  const expectGone = async (url: string, id: string, query: Query = {}) => {
    for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
      expect((await service.request(method, `${url}/${id}`, method === 'PATCH' ? {} : undefined)).status).toBe(404)
    }
    expect(idsOf(await walk(url, query, 200))).not.toContain(id)
  }
  /** It is refused with the counts, and everything stays. */
  async function expectToStay(url: string, id: string, ...counts: string[]) {
    const before = (await get(`${url}/${id}`)).body
    const { status, body } = await remove(url, id)
    expect(status).toBe(409)
    for (const count of counts) expect(body.detail).toContain(` ${count}`)
    expect((await get(`${url}/${id}`)).body).toEqual(before)
  }

  it('a contact stays while it has calls or opportunities, and their counts are told', async () => {
    const contact = await person()
    const inbound = { ...outbound(contact), direction: 'inbound' }
    const elsewhere = { ...outbound(contact), entity_type: 'companies' }
    const [one, two] = await makeAll(CALLS, [inbound, inbound, elsewhere])
    const opportunity = await make(OPPORTUNITIES, { contact_id: contact })
    await expectToStay(CONTACTS, contact, '2 calls', '1 opportunity')
    expect((await remove(CALLS, one.id)).status).toBe(204)
    await expectToStay(CONTACTS, contact, '1 call', '1 opportunity')
    expect((await remove(OPPORTUNITIES, opportunity.id)).status).toBe(204)
    await expectToStay(CONTACTS, contact, '1 call', '0 opportunities')
    await service.request('PATCH', `${CALLS}/${two.id}`, { entity_id: randomUUID() })
    expect((await remove(CONTACTS, contact)).status).toBe(204)
    await expectGone(CONTACTS, contact)
  })

  it('a contact that was deleted blocks no call, and may come back', async () => {
    const contact = await person()
    expect((await remove(CONTACTS, contact)).status).toBe(204)
    expect(await make(CALLS, outbound(contact))).toMatchObject({ attempt: { outcome: 'unknown_contact' } })
    expect(await make(CONTACTS, { id: contact, name: 'Ana' })).toMatchObject({ revision: 1 })
  })

  it('an opportunity stays while it has attempts or calls', async () => {
    const contact = await person()
    const { id } = await make(OPPORTUNITIES, { contact_id: contact, title: 'Ático' })
    const green = await make(CALLS, { ...outbound(contact), call_status: 'completed' })
    const late = await make(CALLS, outbound(contact))
    expect(late.attempt).toMatchObject({ outcome: 'first_call_completed', opportunity_id: id })
    await expectToStay(OPPORTUNITIES, id, '1 attempt', '2 calls')
    await remove(CALLS, late.id)
    await expectToStay(OPPORTUNITIES, id, '1 attempt', '1 call')
    await remove(CALLS, green.id)
    expect((await remove(OPPORTUNITIES, id)).status).toBe(204)
    await expectGone(OPPORTUNITIES, id, { q: 'atico' })
    expect((await get(`${CONTACTS}/${contact}`)).status).toBe(200)
  })

  it('an opportunity stays with a call that it only turned away, and with attempts of an older system', async () => {
    const [contact, attempts] = [await person(), { 1: olderAttempt(TEN) }]
    const done = await make(OPPORTUNITIES, { contact_id: contact, first_call_completed: true })
    await make(CALLS, outbound(contact))
    await expectToStay(OPPORTUNITIES, done.id, '0 attempts', '1 call')
    const older = await make(OPPORTUNITIES, { contact_id: contact, first_call_attempts: attempts })
    await expectToStay(OPPORTUNITIES, older.id, '1 attempt', '0 calls')
  })

  it('a deleted call leaves every list and its opportunity’s attempts, and does not come back', async () => {
    const contact = await person()
    const { id } = await make(OPPORTUNITIES, { contact_id: contact })
    const key = { provider: 'pbx', provider_call_id: randomUUID() }
    const [call, other] = [await make(CALLS, { ...outbound(contact), ...key }), await make(CALLS, outbound(contact))]
    expect((await remove(CALLS, call.id)).status).toBe(204)
    for (const query of [{}, { entity_id: contact }, { provider: 'pbx' }]) await expectGone(CALLS, call.id, query)
    expect(idsOf((await page(CALLS, { opportunity_id: id })).data)).toEqual([other.id])
    const { data } = await page(OPPORTUNITIES, { contact_id: contact, attempts: '1', status: 'contacted' })
    expect(data).toMatchObject([{ id, first_call_attempts: { 1: { call_id: other.id } } }])
    for (const again of [{ id: call.id }, key]) {
      expect((await service.request('POST', CALLS, { ...outbound(contact), ...again })).status).toBe(409)
    }
  })
})
