import type { components } from '../api/schema.d.ts'

/*
 * A lead's calls are those of its contact and those that its opportunity counts or turned away: two lists, newest first,
 * that are read page by page as one. Pure.
 */

type Call = components['schemas']['Call']
type Dated = Pick<Call, 'id' | 'started_at' | 'created_at'>

const LISTS = ['contact', 'opportunity'] as const
export type List = (typeof LISTS)[number]

/** How far one list has been read: `last` is null before its first page, `cursor` after its last one. */
interface Read<Row> {
  cursor: string | null
  last: Row | null
  isOver: boolean
}

/** How far both have been read, and what of it is older than what the other has still to tell. */
export interface Place<Row extends Dated = Call> {
  contact: Read<Row>
  opportunity: Read<Row>
  held: readonly Row[]
}

export const START: Place<never> = {
  contact: { cursor: null, last: null, isOver: false },
  opportunity: { cursor: null, last: null, isOver: false },
  held: [],
}

export interface Page<Row> {
  data: readonly Row[]
  next_cursor: string | null
}

const timeOf = ({ started_at, created_at }: Dated): number => new Date(started_at ?? created_at).getTime()

/** Newest first, as the service lists them. */
const newestFirst = (a: Dated, b: Dated): number => timeOf(b) - timeOf(a) || (a.id < b.id ? 1 : -1)

/** The list that has been read least far, of which one has to know more to go on; both at the start. */
export function listsToRead<Row extends Dated>(place: Place<Row>): List[] {
  const open = LISTS.filter((list) => !place[list].isOver)
  const unread = open.filter((list) => place[list].last === null)
  if (unread.length > 0) return unread
  const newest = horizonOf(place)
  return open.filter((list) => place[list].last === newest)
}

/** Before this one everything is known; null where everything is. */
function horizonOf<Row extends Dated>(place: Place<Row>): Row | null {
  const lasts = LISTS.flatMap((list) => (place[list].isOver ? [] : (place[list].last ?? [])))
  return lasts.sort(newestFirst)[0] ?? null
}

/** The calls that come next, each once, and where the rest begins; null after the last. */
export function merged<Row extends Dated>(
  place: Place<Row>,
  pages: Partial<Record<List, Page<Row>>>,
): { calls: Row[]; next: Place<Row> | null } {
  const readOn = (list: List): Read<Row> => {
    const page = pages[list]
    if (page === undefined) return place[list]
    const cursor = page.next_cursor
    return { cursor, last: page.data.at(-1) ?? place[list].last, isOver: cursor === null }
  }
  const read = { contact: readOn('contact'), opportunity: readOn('opportunity') }
  const known = new Map<string, Row>()
  for (const call of [...place.held, ...LISTS.flatMap((list) => pages[list]?.data ?? [])]) known.set(call.id, call)
  const sorted = [...known.values()].sort(newestFirst)
  const horizon = horizonOf({ ...read, held: [] })
  const isTold = (call: Row): boolean => horizon === null || newestFirst(call, horizon) <= 0 || call.id === horizon.id
  const held = sorted.filter((call) => !isTold(call))
  const isOver = read.contact.isOver && read.opportunity.isOver
  return { calls: sorted.filter(isTold), next: isOver ? null : { ...read, held } }
}
