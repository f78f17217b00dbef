import { formatInstant } from '../attempts/attempt.ts'
import { type Run, UNHELD } from '../attempts/read.ts'
import type { Instant } from '../time.ts'
import type { UnheldCalls } from './sync-contact.ts'

/** Which calls are gone through: those of a period, of one contact, or all. */
export interface Range {
  from?: Instant
  to?: Instant
  contactId?: string
}

/** The place of the last call that was gone through; times are ISO 8601. */
export interface Reached {
  contactId: string
  happenedAt: string
  createdAt: string
  callId: string
}

const IN_RANGE = `${UNHELD} and entity_id >= $1::uuid and entity_id <= $2::uuid
  and happened_at >= $3::timestamptz and happened_at < $4::timestamptz`

const AFTER = '(entity_id, happened_at, created_at, id) > ($5::uuid, $6::timestamptz, $7::timestamptz, $8::uuid)'

const COUNT = `select count(*)::int as calls from calls where ${IN_RANGE} and ${AFTER}`

/** As one value of JSON, which is read several times as fast as a row for each call. */
const NEXT = `
with found as materialized (
  select id, entity_id, happened_at, created_at,
    coalesce(octet_length(resumen_llamada), 0) + coalesce(octet_length(call_result), 0) as size
  from calls
  where ${IN_RANGE} and ${AFTER}
  order by entity_id, happened_at, created_at, id limit $9
)
select coalesce(json_agg(json_build_array(entity_id, id, happened_at, created_at, size)), '[]') as calls from found`

const FIRST_ID = '00000000-0000-0000-0000-000000000000'
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const valuesOf = ({ from, to, contactId }: Range): string[] => [
  contactId ?? FIRST_ID,
  contactId ?? LAST_ID,
  from === undefined ? '-infinity' : formatInstant(from),
  to === undefined ? 'infinity' : formatInstant(to),
]

/** How many calls there are to go through after this one. */
export async function countUnheld(run: Run, range: Range, after: Reached | null): Promise<number> {
  const [found] = await run<{ calls: number }>('count_unheld', COUNT, [...valuesOf(range), ...placeOf(after)])
  return found?.calls ?? 0
}

/** Calls to be decided together, contact by contact. */
export interface Chunk {
  contacts: readonly UnheldCalls[]
  reached: Reached
  /** Whether it begins with a contact that the chunk before could not hold whole. */
  isContinued: boolean
}

type Row = [contactId: string, callId: string, happenedAt: string, createdAt: string, size: number]

/** What is to be gone through after this call, so many calls at a time; a contact's in one chunk where they fit. */
export async function* chunksOf(
  run: Run,
  range: Range,
  size: number,
  after: Reached | null,
): AsyncGenerator<Chunk, void, void> {
  let last = after
  let isCut = false
  for (;;) {
    const values = [...valuesOf(range), ...placeOf(last), size]
    const [{ calls } = { calls: [] }] = await run<{ calls: Row[] }>('next_unheld', NEXT, values)
    const rows = calls.length < size ? calls : withoutCut(calls)
    const end = rows.at(-1)
    if (end === undefined) return
    const contacts = byContact(rows)
    const isContinued = isCut && contacts[0]?.contactId === last?.contactId
    isCut = calls.length === size && contacts.length === 1
    last = { contactId: end[0], callId: end[1], happenedAt: end[2], createdAt: end[3] }
    yield { contacts, reached: last, isContinued }
    if (calls.length < size) return
  }
}

const placeOf = (call: Reached | null): string[] => {
  const { contactId, happenedAt, createdAt, callId } = call ?? BEFORE_ALL
  return [contactId, happenedAt, createdAt, callId]
}

const BEFORE_ALL: Reached = { contactId: FIRST_ID, happenedAt: '-infinity', createdAt: '-infinity', callId: FIRST_ID }

/** Without the last contact, some of whose calls may not be among them, unless it is the only one. */
function withoutCut(rows: readonly Row[]): readonly Row[] {
  const cut = rows.at(-1)?.[0]
  const whole = rows.filter(([contactId]) => contactId !== cut)
  return whole.length > 0 ? whole : rows
}

function byContact(rows: readonly Row[]): UnheldCalls[] {
  const contacts: { contactId: string; callIds: string[]; size: number }[] = []
  for (const [contactId, callId, , , size] of rows) {
    const last = contacts.at(-1)
    if (last?.contactId === contactId) {
      last.callIds.push(callId)
      last.size += size
    } else contacts.push({ contactId, callIds: [callId], size })
  }
  return contacts
}
