import { type RawBuilder, sql } from 'kysely'
import { type CoveragePeriod, within } from './period.ts'
import { COLOUR, IS_ELIGIBLE, NOTES, WHY_NOT_ELIGIBLE, written } from './words.ts'

/*
 * One statement that looks for every contradiction of a period: attempts are held against calls, calls against attempts,
 * and both against what is kept beside them. A call that is pending is yet to be decided, and contradicts nothing.
 */

/** As rows of `kind, call_id, opportunity_id, facts, moment, id`. */
export function found(period: CoveragePeriod): RawBuilder<unknown> {
  return sql`
    select kind, call_id, opportunity_id, moment,
      jsonb_build_object('number', number, 'outcome', outcome, 'fields', fields) as facts,
      md5(concat_ws(' ', kind, number, call_id, opportunity_id))::uuid as id
    from (
      ${ofAttempts(period)} union all ${ofCalls(period)}
      union all ${ofOpportunities(period)} union all ${ofForeign(period)}
    ) as held`
}

/** Opportunities whose latest attempt lies in the period, or else their creation. */
const looked = (period: CoveragePeriod): RawBuilder<unknown> => sql`(
  select o.*, last_attempt_at as moment from listed_opportunities
    cross join lateral (select * from lead_opportunities where id = opportunity_id offset 0) as o
  where last_attempt_at > '-infinity' and ${within('last_attempt_at', period)}
  union all
  select o.*, o.created_at from lead_opportunities o
  where last_contact_attempt_at is null and ${within('o.created_at', period)}
) as o`

/** An id as a UUID, where it is one; a regular expression takes thrice as long. */
const uuidOf = (id: string): RawBuilder<unknown> => sql`
  case when translate(${sql.raw(id)}, '123456789abcdef', '000000000000000') = '00000000-0000-0000-0000-000000000000'
    then (${sql.raw(id)})::uuid end`

/** Whether it is kept of an attempt `a`, beside the opportunity, that it is foreign. */
const IS_KEPT = sql`
  exists (select from foreign_attempts f where f.call_id = a.call_id and f.opportunity_id = a.opportunity_id)`

/**
 * Attempts that are neither foreign (B7) nor those of a call that is registered there. (The call as one value: for a join,
 * PostgreSQL would remember each that it has found, in the vain hope of its coming again, which costs more than finding it.)
 */
const ofAttempts = (period: CoveragePeriod): RawBuilder<unknown> => sql`
  select case
      when c.id is null then 'attempt_without_call'
      when c.deleted_at is not null then 'attempt_of_deleted_call'
      when c.outcome = 'registered' then 'second_attempt'
      when not ${IS_ELIGIBLE} then 'attempt_of_ineligible_call'
      when c.entity_id <> a.contact_id then 'attempt_of_other_contact'
      else 'attempt_of_unregistered_call'
    end as kind, a.call_id, a.opportunity_id, number, outcome, null::text[] as fields, moment
  from (
      select o.id as opportunity_id, contact_id, moment, number, attempt ->> 'call_id' as call_id,
        attempt_call_created_at[number::int] as call_created_at,
        (select calls from calls where id = ${uuidOf("attempt ->> 'call_id'")}) as call
      from ${looked(period)} cross join lateral jsonb_each(first_call_attempts) as one (number, attempt)
      offset 0
    ) as a
    cross join lateral (select (a.call).*) as c
  where case
    when c.id is null then not ${IS_KEPT} or a.call_created_at is not null
    when c.outcome = 'pending' then not ${IS_KEPT} and c.opportunity_id is distinct from a.opportunity_id
    else c.deleted_at is not null or c.outcome <> 'registered' or c.opportunity_id <> a.opportunity_id
  end`

/** Calls that are marked as what they cannot be, or whose attempt is not what it should be (A1, A3, A4, A12, B8). */
const ofCalls = (period: CoveragePeriod): RawBuilder<unknown> => sql`
  select case
      when outcome <> 'registered' then 'wrong_outcome'
      when number is null then 'registered_without_attempt'
      when not ${IS_ELIGIBLE} then 'attempt_of_ineligible_call'
      when entity_id <> contact_id then 'attempt_of_other_contact'
      else 'attempt_differs'
    end, id::text, opportunity_id, number, outcome, ${DIFFERENT}, happened_at
  from (
    select c.*, contact_id, number, first_call_attempts -> number as attempt, attempt_call_created_at
    from (
        select *, ${WHY_NOT_ELIGIBLE} as why_not from calls c
        where deleted_at is null and outcome <> 'pending' and ${within('happened_at', period)}
      ) as c
      left join lateral (
        select contact_id, first_call_attempts, attempt_call_created_at, ${numberOf('c.id::text')} as number
        from lead_opportunities where id = c.opportunity_id and c.outcome = 'registered' offset 0) as o on true
  ) as c
  where case outcome
    when 'registered' then number is null or why_not is not null or entity_id <> contact_id or ${DIFFERENT} <> '{}'
    when 'not_outbound' then why_not is distinct from outcome
    when 'not_a_contact' then why_not is distinct from outcome
    else why_not is not null
  end`

/** The number of the attempt that has this call's id; null where none has. */
const numberOf = (id: string): RawBuilder<unknown> => sql`case ${sql.raw(id)}
  when first_call_attempts #>> '{1,call_id}' then '1' when first_call_attempts #>> '{2,call_id}' then '2'
  when first_call_attempts #>> '{3,call_id}' then '3' when first_call_attempts #>> '{4,call_id}' then '4'
  when first_call_attempts #>> '{5,call_id}' then '5' end`

/** In which fields the attempt is not what its call makes it. */
const DIFFERENT = sql`array_remove(array[
  case when attempt ->> 'status' <> ${COLOUR} then 'status' end,
  case when attempt ->> 'attempted_at' <> ${written('c.happened_at')} then 'attempted_at' end,
  case when attempt ->> 'notes' <> ${NOTES} then 'notes' end,
  case when attempt_call_created_at[number::int] is distinct from c.created_at then 'created_at' end
], null)`

const SUCCESSFUL = sql`case 'green'
  when first_call_attempts #>> '{1,status}' then 1 when first_call_attempts #>> '{2,status}' then 2
  when first_call_attempts #>> '{3,status}' then 3 when first_call_attempts #>> '{4,status}' then 4
  when first_call_attempts #>> '{5,status}' then 5 end`

/** Opportunities that do not say what follows from their attempts (B1); the database's own checks say the same. */
const ofOpportunities = (period: CoveragePeriod): RawBuilder<unknown> => sql`
  select 'derived_fields_differ', null, id, null, null, fields, moment
  from (
    select id, moment, array_remove(array[
      case when first_call_completed <> (completed_elsewhere or ${SUCCESSFUL} is not null)
        then 'first_call_completed' end,
      case when first_call_successful_attempt is distinct from ${SUCCESSFUL} then 'first_call_successful_attempt' end,
      case when ${written('last_contact_attempt_at')}
          is distinct from first_call_attempts -> attempts_made::text ->> 'attempted_at'
        then 'last_contact_attempt_at' end
    ], null) as fields
    from ${looked(period)}
  ) as derived
  where fields <> '{}'`

/** What is kept of attempts of an older system (B7) without their being one, or although a call has come. */
const ofForeign = (period: CoveragePeriod): RawBuilder<unknown> => sql`
  select 'foreign_without_attempt', call_id, opportunity_id, number, null, null, created_at
  from (
    select f.call_id, opportunity_id, call_uuid, f.created_at, attempt_call_created_at, ${numberOf('f.call_id')} as number
    from foreign_attempts f
      cross join lateral (select * from lead_opportunities where id = opportunity_id offset 0) as o
    where ${within('f.created_at', period)}
  ) as f
  where number is null or attempt_call_created_at[number::int] is not null
    and exists (select from calls where id = call_uuid and deleted_at is null)`
