import { InfiniteQueryObserver } from '@tanstack/react-query'
import { afterEach, describe, expect, it } from 'vitest'
import { type LeadsTold, newsOf, newsOfBoth } from '../api/changes.ts'
import { queries } from '../api/queries.ts'
import { readView } from './filter.ts'
import type { Lead } from './lead.ts'
import type { Pages } from './pages.ts'
import { leadsAsked, refreshLeads } from './queries.ts'
import { leadOf } from './test-lead.ts'

describe('a list of leads that somebody looks at', () => {
  /** With these leads. Nothing can be asked for here: a page that would be is old afterwards. */
  function listOf(search: string, ...leads: Lead[]) {
    const asked = leadsAsked(readView(new URLSearchParams(search)))
    const page = { data: leads, next_cursor: null, last: leads.at(-1) ?? null }
    queries.setQueryData<Pages>(asked.queryKey, { pages: [page], pageParams: [null] })
    const end = new InfiniteQueryObserver(queries, { ...asked, refetchOnMount: false }).subscribe(() => undefined)
    ends.push(end)
    const now = () => queries.getQueryData<Pages>(asked.queryKey)?.pages[0]
    return {
      titles: () => now()?.data.map(({ title }) => title),
      isOld: () => now()?.isOld === true,
    }
  }
  const ends: (() => void)[] = []
  afterEach(() => {
    for (const end of ends.splice(0)) end()
    queries.clear()
  })
  const told = (...opportunities: Lead[]) => newsOf({ opportunity: opportunities.map(({ id }) => id), opportunities })

  it('shows what was told without asking, and asks for what was not', async () => {
    const list = listOf('', leadOf({ id: '1', title: 'old' }), leadOf({ id: '2', title: 'other' }))
    await refreshLeads(told(leadOf({ id: '1', title: 'new', revision: 2 })))
    expect([list.titles(), list.isOld()]).toEqual([['new', 'other'], false])
    await refreshLeads(newsOf({ opportunity: ['2'], opportunities: [] }))
    expect([list.titles(), list.isOld()]).toEqual([['new'], false])
    await refreshLeads(newsOf({ opportunity: ['1'] }))
    expect([list.titles(), list.isOld()]).toEqual([['new'], true])
  })

  it('keeps what is newer than what was told', async () => {
    const list = listOf('', leadOf({ id: '1', title: 'newest', revision: 3 }))
    await refreshLeads(told(leadOf({ id: '1', title: 'new', revision: 2 })))
    expect([list.titles(), list.isOld()]).toEqual([['newest'], false])
  })

  it('asks where a contact has changed, also of a lead that was told before', async () => {
    const list = listOf('', leadOf({ id: '1' }))
    const first = told(leadOf({ id: '1', title: 'told', revision: 2 }))
    await refreshLeads(newsOfBoth(first, newsOf({ contact: ['contact of 1'] })))
    expect(list.isOld()).toBe(true)
  })

  it('asks what a search finds', async () => {
    const [list, search] = [listOf('', leadOf({ id: '1' })), listOf('q=ana', leadOf({ id: '1' }))]
    const leads: LeadsTold = new Map([['1', leadOf({ id: '1', title: 'told', revision: 2 })]])
    await refreshLeads({ changes: { opportunity: ['1'] }, leads })
    expect([list.titles(), list.isOld(), search.isOld()]).toEqual([['told'], false, true])
  })
})
