import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changeWords } from '../web/src/lead/history-words.ts'
import { listsToRead, merged, type Page, type Place, START } from '../web/src/lead/merge.ts'
import { formatDuration } from '../web/src/parts/call-words.ts'

interface Row {
  id: string
  started_at: string | null
  created_at: string
}

const row = (place: number, second: number): Row => ({
  id: String(place).padStart(4, '0'),
  started_at: place % 3 === 0 ? null : new Date(second * 1_000).toISOString(),
  created_at: new Date(second * 1_000).toISOString(),
})

const newestFirst = (a: Row, b: Row): number => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id)

/** A list as the service gives it: the cursor is the place where it goes on. */
function pageOf(rows: readonly Row[], cursor: string | null, size: number): Page<Row> {
  const from = Number(cursor ?? 0)
  const isLast = from + size >= rows.length
  return { data: rows.slice(from, from + size), next_cursor: isLast ? null : String(from + size) }
}

describe('the calls of a contact and those of an opportunity, as one list', () => {
  it('has each once, newest first, however they are spread', () => {
    const drawn = fc.array(
      fc.record({ second: fc.integer({ min: 0, max: 40 }), where: fc.constantFrom('one', 'other', 'both') }),
      {
        maxLength: 60,
      },
    )
    fc.assert(
      fc.property(drawn, fc.integer({ min: 1, max: 7 }), (calls, size) => {
        const rows = calls.map(({ second }, place) => row(place, second))
        const listed = {
          contact: rows.filter((_, place) => calls[place]?.where !== 'other').sort(newestFirst),
          opportunity: rows.filter((_, place) => calls[place]?.where !== 'one').sort(newestFirst),
        }
        const told: Row[] = []
        let place: Place<Row> | null = START
        let asked = 0
        while (place !== null) {
          const at: Place<Row> = place
          const lists = listsToRead(at)
          expect(lists.length).toBeGreaterThan(0)
          asked += lists.length
          const pages = Object.fromEntries(lists.map((list) => [list, pageOf(listed[list], at[list].cursor, size)]))
          const { calls: more, next } = merged(at, pages)
          told.push(...more)
          place = next
        }
        expect(told).toEqual([...rows].sort(newestFirst))
        expect(asked).toBeLessThanOrEqual(
          Object.values(listed).reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / size)), 0),
        )
      }),
    )
  })
})

const reader = {
  language: 'en',
  nameOf: (id: string) => (id === 'ana' ? 'Ana' : null),
  formatMoment: (at: string) => at.slice(11, 16),
} as const
type Entry = Parameters<typeof changeWords>[0]

const entry = (given: Partial<Entry>): Entry => ({
  id: 1,
  at: '2026-03-02T10:12:00Z',
  who: 'user:ana',
  request_id: null,
  action: 'opportunity.changed',
  kind: 'opportunity',
  entity_id: 'x',
  before: {},
  after: {},
  withheld: [],
  ...given,
})

const attempt = (call_id: string, time: string, status = 'orange') => ({
  status,
  call_id,
  attempted_at: `2026-03-02T${time}:00Z`,
})

describe('a change in words', () => {
  it('says who changed what from what to what', () => {
    const changed = entry({
      before: { status: 'pending', assigned_to: null },
      after: { status: 'contacted', assigned_to: 'ana' },
    })
    expect(changeWords(changed, reader)).toEqual([
      'Ana changed the status from “pending” to “contacted”.',
      'Ana changed the agent from nobody to Ana.',
    ])
    expect(changeWords(changed, { ...reader, language: 'es' })).toEqual([
      'Ana cambió el estado de “pendiente” a “contactado”.',
      'Ana cambió el agente de nadie a Ana.',
    ])
  })

  it('says why attempts got other numbers (B4, B5)', () => {
    const late = entry({
      who: 'zadarma',
      before: { first_call_attempts: { 2: attempt('b', '10:00') } },
      after: { first_call_attempts: { 2: attempt('a', '09:40'), 3: attempt('b', '10:00') } },
      renumbered: [
        { call_id: 'a', from: null, to: 2 },
        { call_id: 'b', from: 2, to: 3 },
      ],
    })
    expect(changeWords(late, reader)).toEqual([
      'The call of 09:40 became attempt 2.',
      'Attempt 2 became 3, because a call of 09:40 was reported late.',
    ])
    const gone = entry({
      before: {
        first_call_attempts: { 1: attempt('a', '09:40'), 2: attempt('b', '10:00', 'green') },
        first_call_completed: true,
      },
      after: { first_call_attempts: { 1: attempt('b', '10:00', 'red') }, first_call_completed: false },
      renumbered: [
        { call_id: 'b', from: 2, to: 1 },
        { call_id: 'a', from: 1, to: null },
      ],
    })
    expect(changeWords(gone, reader)).toEqual([
      'Attempt 2 became 1, because an earlier one was given back.',
      'Attempt 1 was given back.',
      'Attempt 1 turned from green to red.',
      'With that the first call was no longer completed.',
    ])
  })

  it('says of what is withheld only that it changed', () => {
    expect(changeWords(entry({ who: 'key:1', withheld: ['title'] }), reader)).toEqual([
      'Another system (by its key) changed the title.',
    ])
    expect(
      changeWords(entry({ who: 'user:gone', before: null, kind: 'call', after: { outcome: 'pending' } }), reader),
    ).toEqual(['A colleague told of it.', 'With that it did not count as an attempt.'])
  })
})

it.each([
  [0, '0 s'],
  [42, '42 s'],
  [60, '1 min'],
  [185, '3 min 5 s'],
  [3_600, '1 h'],
  [3_725, '1 h 2 min'],
])('%d seconds are %s', (seconds, words) => expect(formatDuration(seconds)).toBe(words))
