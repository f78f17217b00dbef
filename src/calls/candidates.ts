import { unseen } from '../auth/named.ts'
import type { Sight } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import { soonOrNull } from '../wait.ts'
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
  return calls.map((call) => withCandidates(call, (id) => !hidden.has(id)))
}

const SEEN_WITHIN_MS = 500

/**
 * The same of calls that are saved, which no fault turns into a refusal (A9): where it cannot be read at once whom the
 * caller sees, nobody is named.
 */
export async function savedInSight(
  database: Pick<Database, 'query'>,
  sight: Sight,
  calls: readonly CallBody[],
): Promise<CallBody[]> {
  if (sight === 'everything') return [...calls]
  const shown = await soonOrNull(SEEN_WITHIN_MS, inSight(database, sight, calls))
  return shown ?? calls.map((call) => withCandidates(call, () => false))
}

function withCandidates(call: CallBody, isShown: (id: string) => boolean): CallBody {
  if (call.link === null) return call
  return { ...call, link: { ...call.link, candidates: call.link.candidates.filter(isShown) } }
}
