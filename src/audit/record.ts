import { type Kysely, sql } from 'kysely'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Tables } from '../database/tables.ts'
import type { Actor } from './actor.ts'
import { type Action, type Concerned, type Entry, entryOf, type Fields } from './entry.ts'

/**
 * Writes what is changed by a transaction, in that transaction: then there is neither without the other. Where no field
 * changed it writes nothing. (Calls and opportunities are written with theirs by the register.)
 *
 * @param before all fields as they were; null where it is made
 * @param after all fields as they are; null where it is deleted
 * @param concerned whose its personal values are
 */
export async function recordChange(
  transaction: Kysely<Tables>,
  by: Actor,
  action: Action,
  entityId: string,
  before: Fields | null,
  after: Fields | null,
  concerned?: Concerned,
): Promise<void> {
  const entry = entryOf(by, action, entityId, before, after, concerned)
  if (entry !== null) await recordEntries(transaction, [entry])
}

/** The same for many, in their order. */
export async function recordEntries(transaction: Kysely<Tables>, entries: readonly Entry[]): Promise<void> {
  const json = (fields: Fields | null | undefined): string | null => (fields == null ? null : JSON.stringify(fields))
  await sql`
    with given as (
      select * from unnest(${entries.map(({ by }) => by.who)}::text[], ${entries.map(({ by }) => by.requestId)}::text[],
        ${entries.map(({ action }) => action)}::text[], ${entries.map(({ entityId }) => entityId)}::uuid[],
        ${entries.map(({ before }) => json(before))}::json[], ${entries.map(({ after }) => json(after))}::json[],
        ${entries.map(({ personal }) => personal?.fields.join() ?? null)}::text[],
        ${entries.map(({ personal }) => personal?.contactId ?? null)}::uuid[],
        ${entries.map(({ personal }) => personal?.callId ?? null)}::uuid[],
        ${entries.map(({ personal }) => json(personal?.before))}::json[],
        ${entries.map(({ personal }) => json(personal?.after))}::json[]
      ) as given (who, request_id, action, entity_id, before, after, personal_fields, contact_id, call_id,
        before_values, after_values)
    ), numbered as materialized (
      select nextval('audit_id_seq') as id, * from given
    ), written as (
      insert into audit (id, at, who, request_id, action, entity_id, before, after, personal_fields)
      select id, ${THIS_MOMENT}, who, request_id, action, entity_id, before, after, personal_fields
      from numbered
    )
    insert into audit_values (audit_id, contact_id, call_id, before, after)
    select id, contact_id, call_id, before_values, after_values from numbered where personal_fields is not null
    `.execute(transaction)
}
