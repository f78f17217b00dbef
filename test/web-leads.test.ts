import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Asked, fits, inOrder } from '../web/src/leads/fits.ts'
import type { Lead } from '../web/src/leads/lead.ts'
import {
  asOld,
  leadsOf,
  oldPageSeen,
  type Page,
  type Pages,
  withChanged,
  withLeads,
  withPage,
} from '../web/src/leads/pages.ts'
import { leadOf } from '../web/src/leads/test-lead.ts'

const minute = (number: number): string => new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString()

const attempt = (status: 'green' | 'orange' | 'red', number: number) => ({
  status,
  call_id: `call ${number}`,
  attempted_at: minute(number),
  notes: '',
})

describe('a lead', () => {
  const lead = leadOf({
    id: 'a',
    status: 'won',
    assigned_to: 'Ana',
    source: 'web',
    first_call_attempts: { 1: attempt('orange', 1), 2: attempt('green', 2) },
    first_call_completed: true,
  })

  it.each<[Asked, boolean]>([
    [{}, true],
    [{ status: 'won' }, true],
    [{ status: ' WON ' }, true],
    [{ status: 'lost' }, false],
    [{ assigned_to: 'Ana' }, true],
    [{ assigned_to: 'ana' }, false],
    [{ assigned: 'false' }, false],
    [{ source: 'web' }, true],
    [{ source: 'fair' }, false],
    [{ attempts: 2 }, true],
    [{ attempts: 1 }, false],
    [{ last_status: 'green' }, true],
    [{ last_status: 'orange' }, false],
    [{ first_call_completed: 'true' }, true],
    [{ first_call_completed: 'false' }, false],
    [{ status: 'won', assigned_to: 'Ana', attempts: 3 }, false],
  ])('fits %j: %s', (asked, isFitting) => {
    expect(fits(lead, asked)).toBe(isFitting)
  })

  it('is ordered by time and not by how that is written; never tried is tried longest ago', () => {
    const [early, late] = ['2026-01-01T10:00:00Z', '2026-01-01T10:00:00.500Z']
    const leads = [
      leadOf({ id: 'a', created_at: early, last_contact_attempt_at: late }),
      leadOf({ id: 'b', created_at: late, last_contact_attempt_at: early }),
      leadOf({ id: 'c', created_at: early }),
    ]
    const sortedBy = (sort: Asked['sort']) => leads.toSorted(inOrder(sort)).map(({ id }) => id)
    expect(sortedBy(undefined)).toEqual(['b', 'c', 'a'])
    expect(sortedBy('-created_at')).toEqual(['b', 'c', 'a'])
    expect(sortedBy('created_at')).toEqual(['a', 'c', 'b'])
    expect(sortedBy('-last_contact_attempt_at')).toEqual(['a', 'b', 'c'])
    expect(sortedBy('last_contact_attempt_at')).toEqual(['c', 'b', 'a'])
  })
})

describe('a list of which pages were fetched', () => {
  type Service = Map<string, Lead>

  /** What the service answers; a cursor is the lead after which it goes on. */
  function pageFrom(service: Service, asked: Asked, cursor: string | null, size: number): Page {
    const compare = inOrder(asked.sort)
    const after: Lead | null = cursor === null ? null : JSON.parse(cursor)
    const rest = [...service.values()]
      .filter((lead) => fits(lead, asked) && (after === null || compare(lead, after) > 0))
      .sort(compare)
    const data = rest.slice(0, size)
    const last = data.at(-1) ?? null
    return { data, last, next_cursor: rest.length > size ? JSON.stringify(last) : null }
  }

  function fetched(service: Service, asked: Asked, size: number, count: number, before: Pages | null = null): Pages {
    const pages = [...(before?.pages ?? [])]
    const pageParams = [...(before?.pageParams ?? [])]
    let cursor = before === null ? null : (pages.at(-1)?.next_cursor ?? null)
    for (let page = 0; page < count && (pages.length === 0 || cursor !== null); page++) {
      const next = pageFrom(service, asked, cursor, size)
      pages.push(next)
      pageParams.push(cursor)
      cursor = next.next_cursor
    }
    return { pages, pageParams }
  }

  const all = (service: Service, asked: Asked): Lead[] => leadsOf([pageFrom(service, asked, null, service.size)])

  const aChange = fc.record({
    at: fc.nat({ max: 40 }),
    what: fc.constantFrom('status', 'agent', 'attempt', 'title', 'made', 'deleted'),
    second: fc.nat({ max: 60 }),
  })
  const drawn = fc.record({
    created: fc.array(fc.nat({ max: 30 }), { maxLength: 40 }),
    size: fc.integer({ min: 1, max: 8 }),
    count: fc.integer({ min: 1, max: 4 }),
    asked: fc.constantFrom<Asked>(
      { sort: '-created_at' },
      { sort: 'created_at', status: 'pending' },
      { sort: '-created_at', assigned: 'false' },
      { sort: '-last_contact_attempt_at' },
      { sort: 'last_contact_attempt_at', status: 'contacted' },
    ),
    changes: fc.array(aChange, { minLength: 1, maxLength: 30 }),
  })

  const serviceOf = (created: readonly number[]): Service =>
    new Map(
      created.map((number, at) => {
        const id = `lead ${String(at).padStart(2, '0')}`
        return [id, leadOf({ id, created_at: minute(number), status: at % 2 === 0 ? 'pending' : 'contacted' })]
      }),
    )

  /** @returns the id of what has changed, if anything has */
  function changeIn(
    service: Service,
    { at, what, second }: { at: number; what: string; second: number },
  ): string | null {
    const id = `lead ${String(at).padStart(2, '0')}`
    const lead = service.get(id)
    if (what === 'made' && lead === undefined) service.set(id, leadOf({ id, created_at: minute(second) }))
    else if (lead === undefined) return null
    else if (what === 'deleted') service.delete(id)
    else {
      const change: Partial<Lead> = {
        ...(what === 'status' ? { status: lead.status === 'pending' ? 'contacted' : 'pending' } : {}),
        ...(what === 'agent' ? { assigned_to: lead.assigned_to === null ? 'Ana' : null } : {}),
        ...(what === 'attempt' ? { last_contact_attempt_at: minute(second) } : {}),
        ...(what === 'title' ? { title: `title ${second}` } : {}),
      }
      service.set(id, { ...lead, ...change, revision: lead.revision + 1 })
    }
    return id
  }

  it('is as the service has it once what changed was told, and goes on where it ends', () => {
    fc.assert(
      fc.property(drawn, fc.integer({ min: 1, max: 5 }), ({ created, size, count, asked, changes }, together) => {
        const service = serviceOf(created)
        let list = fetched(service, asked, size, count)
        for (let from = 0; from < changes.length; from += together) {
          const told = changes.slice(from, from + together).flatMap((change) => changeIn(service, change) ?? [])
          const found = told.flatMap((id) => service.get(id) ?? [])
          list = { ...list, pages: withLeads(list.pages, asked, new Set(told), found) }
          const leads = leadsOf(list.pages)
          expect(leads).toEqual(all(service, asked).slice(0, leads.length))
        }
        const whole = fetched(service, asked, size, 100, list)
        expect(leadsOf(whole.pages)).toEqual(all(service, asked))
      }),
    )
  })

  it('is as the service has it once each page that became old was fetched again, whatever has changed', () => {
    fc.assert(
      fc.property(drawn, ({ created, size, count, asked, changes }) => {
        const service = serviceOf(created)
        let list = fetched(service, asked, size, count)
        for (const change of changes) changeIn(service, change)
        list = { ...list, pages: asOld(list.pages) }
        for (;;) {
          const at = oldPageSeen(list.pages, 0, service.size)
          if (at < 0) break
          const fresh = pageFrom(service, asked, list.pageParams[at] ?? null, size)
          list = withPage(list, at, fresh, asked.sort)
          expect(list.pageParams.length).toBe(list.pages.length)
        }
        const whole = fetched(service, asked, size, 100, list)
        expect(leadsOf(whole.pages)).toEqual(all(service, asked))
      }),
    )
  })

  it('has the pages on which nothing changed as they were, so that they are not drawn anew', () => {
    const service = serviceOf(Array.from({ length: 30 }, (_, at) => at))
    const { pages } = fetched(service, {}, 10, 3)
    const [lead] = pages[1]?.data ?? []
    if (lead === undefined) throw new Error('there is no second page')
    const now = { ...lead, title: 'Changed', revision: 2 }
    const after = withLeads(pages, {}, new Set([lead.id]), [now])
    expect([after[0] === pages[0], after[2] === pages[2]]).toEqual([true, true])
    expect(after[1]?.data).toEqual([now, ...(pages[1]?.data.slice(1) ?? [])])
    // What was fetched before is no news.
    expect(leadsOf(withLeads(after, {}, new Set([lead.id]), [lead]))).toEqual(leadsOf(after))
  })

  it('keeps what somebody has changed here in its place', () => {
    const { pages } = fetched(serviceOf([3, 2, 1]), { status: 'pending' }, 10, 1)
    const changed = withChanged(pages, new Map([['lead 00', { status: 'won' }]]))
    expect(leadsOf(changed).map(({ id, status }) => [id, status])).toEqual([
      ['lead 00', 'won'],
      ['lead 02', 'pending'],
    ])
  })

  it('is fetched again only where it is seen', () => {
    const { pages } = fetched(serviceOf(Array.from({ length: 40 }, (_, at) => at)), {}, 10, 4)
    expect(oldPageSeen(pages, 0, 40)).toBe(-1)
    const old = asOld(pages)
    expect([oldPageSeen(old, 0, 5), oldPageSeen(old, 12, 25), oldPageSeen(old, 31, 39)]).toEqual([0, 1, 3])
  })
})
