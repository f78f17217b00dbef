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
    with looked as materialized (${looked(period)}), attempts as materialized (${ATTEMPTS})
    select kind, call_id, opportunity_id, moment,
      jsonb_build_object('number', number, 'outcome', outcome, 'fields', fields) as facts,
      md5(concat_ws(' ', kind, number, call_id, opportunity_id))::uuid as id
    from (
      ${OF_ATTEMPTS} union all ${ofCalls(period)} union all ${OF_OPPORTUNITIES} union all ${ofForeign(period)}
    ) as held`
}

/** Opportunities whose latest attempt lies in the period, or else their creation. */
const looked = (period: CoveragePeriod): RawBuilder<unknown> => sql`
  select o.*, last_attempt_at as moment from listed_opportunities join lead_opportunities o on o.id = opportunity_id
  where last_attempt_at > '-infinity' and ${within('last_attempt_at', period)}
  union all
  select o.*, o.created_at from lead_opportunities o
  where last_contact_attempt_at is null and ${within('o.created_at', period)}`

const UUID = sql.raw(`'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'`)

const ATTEMPTS = sql`
  select o.id as opportunity_id, contact_id, moment, number, attempt ->> 'call_id' as call_id,
    attempt_call_created_at[number::int] as call_created_at,
    case when attempt ->> 'call_id' ~ ${UUID} then (attempt ->> 'call_id')::uuid end as call_uuid
  from looked o cross join lateral jsonb_each(first_call_attempts) as one (number, attempt)`

/** Attempts that are neither foreign (B7) nor those of a call that is registered there. */
const OF_ATTEMPTS = sql`
  select case
      when c.id is null then 'attempt_without_call'
      when c.deleted_at is not null then 'attempt_of_deleted_call'
      when c.outcome = 'registered' then 'second_attempt'
      when not ${IS_ELIGIBLE} then 'attempt_of_ineligible_call'
      when c.entity_id <> a.contact_id then 'attempt_of_other_contact'
      else 'attempt_of_unregistered_call'
    end as kind, a.call_id, a.opportunity_id, number, outcome, null::text[] as fields, moment
  from attempts a
    left join calls c on c.id = a.call_uuid
    left join foreign_attempts f on f.call_id = a.call_id and f.opportunity_id = a.opportunity_id
  where case
    when c.id is null then f.call_id is null or a.call_created_at is not null
    when c.outcome = 'pending' then f.call_id is null and c.opportunity_id is distinct from a.opportunity_id
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
    end, id::text, opportunity_id, number, outcome, fields, moment
  from (
    select c.id, c.direction, c.entity_type, c.entity_id, c.outcome, c.opportunity_id, c.happened_at as moment,
      o.contact_id, number, ${WHY_NOT_ELIGIBLE} as why_not,
      array_remove(array[
        case when attempt ->> 'status' <> ${COLOUR} then 'status' end,
        case when attempt ->> 'attempted_at' <> ${written('c.happened_at')} then 'attempted_at' end,
        case when attempt ->> 'notes' <> ${NOTES} then 'notes' end,
        case when attempt_call_created_at[number::int] is distinct from c.created_at then 'created_at' end
      ], null) as fields
    from calls c
      left join lead_opportunities o on o.id = c.opportunity_id and c.outcome = 'registered'
      left join lateral jsonb_each(o.first_call_attempts) as one (number, attempt) on attempt ->> 'call_id' = c.id::text
    where c.deleted_at is null and c.outcome <> 'pending' and ${within('c.happened_at', period)}
  ) as c
  where case outcome
    when 'registered' then number is null or why_not is not null or entity_id <> contact_id or fields <> '{}'
    when 'not_outbound' then why_not is distinct from outcome
    when 'not_a_contact' then why_not is distinct from outcome
    else why_not is not null
  end`

const SUCCESSFUL = sql`case 'green'
  when first_call_attempts #>> '{1,status}' then 1 when first_call_attempts #>> '{2,status}' then 2
  when first_call_attempts #>> '{3,status}' then 3 when first_call_attempts #>> '{4,status}' then 4
  when first_call_attempts #>> '{5,status}' then 5 end`

/** Opportunities that do not say what follows from their attempts (B1); the database's own checks say the same. */
const OF_OPPORTUNITIES = sql`
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
    from looked
  ) as derived
  where fields <> '{}'`

/** What is kept of attempts of an older system (B7) without their being one, or although a call has come. */
const ofForeign = (period: CoveragePeriod): RawBuilder<unknown> => sql`
  select 'foreign_without_attempt', f.call_id, f.opportunity_id, number, null, null, f.created_at
  from foreign_attempts f
    join lead_opportunities o on o.id = f.opportunity_id
    left join lateral jsonb_each(o.first_call_attempts) as one (number, attempt) on attempt ->> 'call_id' = f.call_id
  where ${within('f.created_at', period)} and (number is null or attempt_call_created_at[number::int] is not null
    and exists (select from calls where id = call_uuid and deleted_at is null))`
