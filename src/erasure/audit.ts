import { type Kysely, sql } from 'kysely'
import type { Fields } from '../audit/entry.ts'
import type { Tables } from '../database/tables.ts'
import type { Step } from './erasure.ts'
import { textsIn, withoutMarks } from './traces.ts'

const AT_ONCE = 20_000

/**
 * What the audit keeps of the person apart, so that it can be emptied. Of calls that were no contact's, deleted ones among
 * them, the number tells.
 */
export const emptyAudit: Step = {
  name: 'values of the audit',
  do: async ({ query, contactId, callIds, traces, goOn }) => {
    await sql`update audit_values set before = null, after = null
      where contact_id = ${contactId} and num_nonnulls(before, after) > 0`.execute(query)
    await goOn()
    for (let first = 0; first < callIds.length; first += CALLS_AT_ONCE) {
      await emptyAuditOf(query, callIds.slice(first, first + CALLS_AT_ONCE))
      await goOn()
    }
    if (traces.patterns.length === 0) return
    for (let after = 0; ; ) {
      const { rows } = await sql<{ audit_id: number | null; before: Fields | null; after: Fields | null }>`
        with slice as materialized (
          select * from audit_values where audit_id > ${after} order by audit_id limit ${AT_ONCE})
        select audit_id, before, after from slice
        where contact_id is null
          and ${withoutMarks(sql`concat_ws(' ', before, after)`)} like any(${traces.patterns}::text[])
        union all
        select max(audit_id), null, null from slice`.execute(query)
      const last = rows.at(-1)?.audit_id
      if (last == null) return
      const told = rows.filter(({ before, after }) => textsIn([before, after]).some(traces.hasNumber))
      await sql`update audit_values set before = null, after = null
        where audit_id = any(${told.map(({ audit_id }) => audit_id)}::bigint[]) and not exists (
          select from calls where calls.id = call_id and entity_type = 'contacts' and entity_id is not null
            and deleted_at is null)`.execute(query)
      await goOn()
      after = last
    }
  },
}

const CALLS_AT_ONCE = 500

/** What the audit keeps apart of these, whatever they are. */
export async function emptyAuditOf(query: Kysely<Tables>, entityIds: readonly string[]): Promise<void> {
  await sql`update audit_values set before = null, after = null
    where audit_id = any(array(
        select id from audit where entity_id = any(${entityIds}::uuid[]) and personal_fields is not null))
      and num_nonnulls(before, after) > 0`.execute(query)
}
