import { type Unseen, unseen } from '../auth/named.ts'
import type { Sight } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import type { Fields } from './entry.ts'
import type { AuditEntry } from './store.ts'

/** Fields with the id of a contact or an opportunity. */
const IDS = ['entity_id', 'contact_id', 'opportunity_id'] as const

/** Entries as the caller may see them: an agent is not told the ids of contacts and opportunities that he does not see. */
export async function inSight(
  database: Pick<Database, 'query'>,
  sight: Sight,
  entries: readonly AuditEntry[],
): Promise<AuditEntry[]> {
  if (sight === 'everything') return [...entries]
  const sides = entries.flatMap(({ before, after }) => [before, after])
  const ids = sides.flatMap((side) => IDS.map((name) => side?.[name])).filter((id) => typeof id === 'string')
  const contactIds = [...ids, ...sides.flatMap(candidatesIn)]
  if (contactIds.length === 0) return [...entries]
  const hidden = await unseen(database, sight, { contactIds, opportunityIds: ids })
  return entries.map((entry) => {
    const gone = IDS.filter((name) => [entry.before, entry.after].some((side) => isHidden(side?.[name], hidden)))
    return {
      ...entry,
      before: withoutHidden(entry.before, hidden),
      after: withoutHidden(entry.after, hidden),
      withheld: [...entry.withheld, ...gone],
    }
  })
}

const isHidden = (id: unknown, { contactIds, opportunityIds }: Unseen): boolean =>
  typeof id === 'string' && (contactIds.has(id) || opportunityIds.has(id))

function candidatesIn(side: Fields | null): string[] {
  const link = side?.link
  if (typeof link !== 'object' || link === null || !('candidates' in link) || !Array.isArray(link.candidates)) return []
  return link.candidates
}

function withoutHidden(side: Fields | null, hidden: Unseen): Fields | null {
  if (side === null) return null
  const shown = Object.entries(side).filter(
    ([name, value]) => !(IDS.some((id) => id === name) && isHidden(value, hidden)),
  )
  const fields = Object.fromEntries(shown)
  if (typeof side.link !== 'object' || side.link === null) return fields
  return { ...fields, link: { ...side.link, candidates: candidatesIn(side).filter((id) => !isHidden(id, hidden)) } }
}
