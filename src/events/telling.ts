import { z } from 'zod'
import type { Caller } from '../auth/caller.ts'
import { isInSight, sightOf } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import { opportunityWithContact } from '../opportunities/schema.ts'
import { opportunitiesById } from '../opportunities/store.ts'
import { withContacts } from '../opportunities/with-contacts.ts'
import { type Change, tellOf } from './change.ts'
import { changesFor } from './seen.ts'

/** What was found at one look: the same object for all who hear of it. */
export interface News {
  changes: readonly Change[]
  /** The number up to which everything is told with it. */
  settled: number
}

/** Who is told, and whether with the opportunities as they are now. */
export interface Hearer {
  caller: Pick<Caller, 'role' | 'userId'>
  withOpportunities: boolean
}

/** The text of an event. */
export type Telling = (news: News, hearer: Hearer) => Promise<string>

/** As every answer has them. */
const shown = z.array(opportunityWithContact)
type Shown = z.output<typeof shown>

/** What was found out once of news, for all who hear of it. */
interface Known {
  /** By who hears the same. */
  texts: Map<string, Promise<string>>
  /** The opportunities that have changed, as they are now, without those that are gone; null where they are too many. */
  opportunities: Promise<Shown> | null
}

/** Of more only the ids are told: whoever shows so many asks for what is seen of them. */
const MOST_OPPORTUNITIES = 100

/**
 * Puts news into words. What changed is read once, and written once for all who see everything; an agent is told of what
 * they see.
 */
export function tellingFrom(database: Pick<Database, 'query'>): Telling {
  const known = new WeakMap<News, Known>()
  const knownOf = (news: News): Known => {
    const of = known.get(news) ?? { texts: new Map<string, Promise<string>>(), opportunities: null }
    known.set(news, of)
    return of
  }

  return (news, hearer) => {
    const { caller, withOpportunities } = hearer
    if (sightOf(caller) !== 'everything') return write(news, hearer)
    const { texts } = knownOf(news)
    const key = `${caller.role} ${withOpportunities}`
    const text = texts.get(key) ?? write(news, hearer)
    texts.set(key, text)
    return text
  }

  async function write(news: News, { caller, withOpportunities }: Hearer): Promise<string> {
    const told = tellOf(await changesFor(database, caller, news.changes))
    const { opportunity: ids } = told
    const opportunities = withOpportunities && Array.isArray(ids) ? await opportunitiesNow(news) : null
    if (opportunities === null) return JSON.stringify(told)
    const sight = sightOf(caller)
    const seen = opportunities.filter((one) => ids?.includes(one.id) && isInSight(sight, one))
    return JSON.stringify({ ...told, opportunities: seen })
  }

  async function opportunitiesNow(news: News): Promise<Shown | null> {
    const changed = news.changes.filter(({ kind }) => kind === 'opportunity').map(({ entityId }) => entityId)
    const ids = [...new Set(changed)]
    if (ids.length === 0 || ids.length > MOST_OPPORTUNITIES) return null
    const of = knownOf(news)
    of.opportunities ??= readOpportunities(ids)
    return of.opportunities
  }

  async function readOpportunities(ids: readonly string[]): Promise<Shown> {
    const found = await opportunitiesById(database.query, ids)
    return shown.parse(await withContacts(database.query, [...found.values()]))
  }
}
