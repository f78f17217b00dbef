import { sql } from 'kysely'
import { COLOURS } from '../attempts/attempt.ts'

/*
 * The heart's words for the few rules that are asked of millions of rows at once; of a call `c`. A test compares what
 * they say with what the heart says.
 */

/** What JavaScript takes for blank. */
const BLANKS =
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'
const blanks = sql.lit(BLANKS)

/** A1 */
export const IS_ELIGIBLE = sql`((c.direction = 'outbound' and c.entity_type = 'contacts' and c.entity_id is not null) is true)`

/** B8: what is said of a call that cannot be an attempt; null where it can. */
export const WHY_NOT_ELIGIBLE = sql`
  case when c.direction <> 'outbound' then 'not_outbound' when not ${IS_ELIGIBLE} then 'not_a_contact' end`

const named = sql.join(
  [...COLOURS].map(([word, colour]) => sql`when ${sql.lit(word)} then ${sql.lit(colour)}`),
  sql` `,
)

/** A3 */
export const COLOUR = sql`
  case lower(btrim(coalesce(c.call_status, ''), ${blanks})) ${named} else 'orange' end`

/** A12, or null where the call has none. */
export const NOTES = sql`coalesce(
  case when btrim(c.resumen_llamada, ${blanks}) <> '' then c.resumen_llamada end,
  case when btrim(c.call_result, ${blanks}) <> '' then c.call_result end)`

/** A12: a time as attempts have it. */
export const written = (column: string) => sql`
  replace(to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '.000Z', 'Z')`
