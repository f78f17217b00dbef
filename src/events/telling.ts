import { z } from 'zod'
import type { Caller } from '../auth/caller.ts'
import { type Sight, sightOf } from '../auth/sight.ts'
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

/** Of more only the ids are told: whoever shows so many asks for what is seen of them. */
const MOST_OPPORTUNITIES = 100

/** Puts news into words, once for all who hear the same: an agent hears of what they see, and nobody else does. */
export function tellingFrom(database: Pick<Database, 'query'>): Telling {
  const known = new WeakMap<News, Map<string, Promise<string>>>()

  return (news, hearer) => {
    const { caller, withOpportunities } = hearer
    if (sightOf(caller) !== 'everything') return write(news, hearer)
    const texts = known.get(news) ?? new Map<string, Promise<string>>()
    known.set(news, texts)
    const key = `${caller.role} ${withOpportunities}`
    const text = texts.get(key) ?? write(news, hearer)
    texts.set(key, text)
    return text
  }

  async function write({ changes }: News, { caller, withOpportunities }: Hearer): Promise<string> {
    const told = tellOf(await changesFor(database, caller, changes))
    const { opportunity: ids } = told
    if (!withOpportunities || !Array.isArray(ids) || ids.length > MOST_OPPORTUNITIES) return JSON.stringify(told)
    return JSON.stringify({ ...told, opportunities: await opportunitiesNow(ids, sightOf(caller)) })
  }

  /** Without those that are gone, or out of sight. */
  async function opportunitiesNow(ids: readonly string[], sight: Sight): Promise<z.output<typeof shown>> {
    const found = await opportunitiesById(database.query, ids, sight)
    return shown.parse(await withContacts(database.query, [...found.values()]))
  }
}
