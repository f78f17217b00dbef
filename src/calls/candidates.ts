import { unseen } from '../auth/named.ts'
import type { Sight } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import type { CallBody } from './body.ts'

/** Calls as the caller may see them: of those who have a call's number, an agent is told whom he sees. */
export async function inSight(
  database: Pick<Database, 'query'>,
  sight: Sight,
  calls: readonly CallBody[],
): Promise<CallBody[]> {
  const contactIds = sight === 'everything' ? [] : calls.flatMap(({ link }) => link?.candidates ?? [])
  if (sight === 'everything' || contactIds.length === 0) return [...calls]
  const hidden = (await unseen(database, sight, { contactIds })).contactIds
  return calls.map((call) => {
    if (call.link === null) return call
    return { ...call, link: { ...call.link, candidates: call.link.candidates.filter((id) => !hidden.has(id)) } }
  })
}
