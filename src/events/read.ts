import { sql } from 'kysely'
import { type Action, type Kind, kindOf } from '../audit/entry.ts'
import type { Database } from '../database/database.ts'
import type { Change, Was } from './change.ts'
import { LATE_MS, LOOKED_BACK, settledUpTo, type Tail } from './tail.ts'

type Queries = Pick<Database, 'query'>

/** At once; the rest a moment later. */
export const PAGE = 2_000

/** Whatever got its number before one that was written so long ago is there, or never will be. */
const SURELY_OVER_MS = 2 * LATE_MS

/** Where one begins who has seen nothing yet: what is under way at this moment will be told. */
export async function beginning({ query }: Queries, now: number): Promise<Tail> {
  const { rows } = await sql<{ last: number; ids: number[]; settled: number | null }>`
    select coalesce(max(id), 0)::bigint as last, coalesce(array_agg(id::float8), '{}') as ids,
      max(id) filter (where at < now() - ${SURELY_OVER_MS} * interval '1 millisecond')::bigint as settled
    from (select id, at from audit order by id desc limit ${LOOKED_BACK}) as latest`.execute(query)
  const { last = 0, ids = [], settled = null } = rows[0] ?? {}
  const there = new Set(ids)
  // What is not there below one that was written so long ago never comes.
  const first = settled ?? ids.reduce((least, id) => Math.min(least, id), last)
  const missing = new Map<number, number>()
  for (let id = first; id < last; id++) if (!there.has(id)) missing.set(id, now)
  return { last, missing }
}

/** The number after which everything will be told that is changed from now on. */
export async function lastEventId(queries: Queries): Promise<string> {
  return String(settledUpTo(await beginning(queries, 0)))
}

interface Row {
  id: number
  action: Action
  entity_id: string
  of_call: string | null
  how: Change['how']
  was: Was | null
  has_other_numbers: boolean
}

/** The changes after those that were seen, and those that were late; in the order of their numbers. */
export async function changesAfter({ query }: Queries, { last, missing }: Tail): Promise<Change[]> {
  const { rows } = await sql<Row>`
    select audit.id, action, entity_id, call_id as of_call,
      case when after is null then 'deleted' when before is null then 'made' else 'changed' end as how,
      (select jsonb_object_agg(key, value) from json_each_text(before) where key = any(${DECIDING})) as was,
      coalesce('phones' = any(string_to_array(personal_fields, ',')), false) as has_other_numbers
    from (
      (select * from audit where id > ${last} order by id limit ${PAGE})
      union all
      select * from audit where id = any(${[...missing.keys()]}::bigint[])
    ) as audit
    left join recordings on recordings.id = entity_id and action like 'recording.%'
    order by audit.id`.execute(query)
  return rows.map(changeOf)
}

const ERASURE_DONE: Action = 'contact.erasure_done'

/** Fields of calls and opportunities by which it is decided who sees them. */
const DECIDING = ['assigned_to', 'contact_id', 'entity_type', 'entity_id', 'opportunity_id']

function changeOf({ id, action, entity_id, of_call, how, was, has_other_numbers }: Row): Change {
  // A recording is shown with its call.
  const kind: Kind = of_call === null ? kindOf(action) : 'call'
  if (of_call !== null) {
    return { id, kind, entityId: of_call, how: 'changed', was: {}, isErasure: false, isRenumbered: false }
  }
  const isRenumbered = kind === 'contact' && how !== 'made' && has_other_numbers
  return { id, kind, entityId: entity_id, how, was: was ?? {}, isErasure: action === ERASURE_DONE, isRenumbered }
}
