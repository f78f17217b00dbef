import type pg from 'pg'
import { searchTextOf } from '../../src/contacts/search.ts'
import { sqlState } from '../../src/database/database.ts'
import { CITIES, FIRST_NAMES, LAST_NAMES, PRODUCTS, RARE_LAST_NAME } from './names.ts'

/** How much there is to be. */
export interface DataSize {
  opportunities: number
  /** With those that are attempts. */
  calls: number
  /** Share of the opportunities that nobody has called yet. */
  untried: number
}

/** Data from this size on is loaded without indexes, which are made afterwards. */
const MANY = 100_000

const TABLES = [
  'contacts',
  'lead_opportunities',
  'listed_opportunities',
  'foreign_attempts',
  'contacts_without_opportunity',
  'calls',
  'recordings',
  'review_items',
  'inbox',
  'idempotency_keys',
  'idempotency_requests',
  'audit',
  'audit_values',
  'claims',
]

/** Everything about an opportunity, its contact among it, a row each; over one year, the newest last. */
const SEED = `
create temporary table seed as
select i, created_at, uuidv7(created_at - now()) as contact_id, uuidv7(created_at - now()) as opportunity_id,
  ($3::text[])[first] || ' ' || ($5::text[])[last] || ' ' || ($5::text[])[second_last] as name,
  ($4::text[])[first] || ' ' || ($6::text[])[last] || ' ' || ($6::text[])[second_last] as folded_name,
  '+346' || lpad((i::bigint * 7919 % 100000000)::text, 8, '0') as phone,
  ($7::text[])[product] || ' en ' || ($9::text[])[city] as title,
  ($8::text[])[product] || ' en ' || ($10::text[])[city] as folded_title,
  attempts, is_green,
  case
    when attempts = 0 then case when fate < 0.6 then 'pending' when fate < 0.93 then 'assigned' else 'discarded' end
    when is_green then
      case when fate < 0.5 then 'contacted' when fate < 0.75 then 'qualified' when fate < 0.9 then 'won' else 'lost' end
    else case when fate < 0.7 then 'contacted' when fate < 0.85 then 'assigned' else 'lost' end
  end as status,
  'agent' || lpad(agent::text, 2, '0') || '@example.com' as assigned_to,
  (array['web', 'facebook', 'google', 'referral', 'fair', 'import'])[source] as source
from (
  select *, attempts > 0 and luck < 0.35 as is_green
  from (
    select i,
      date_trunc('milliseconds', now() - interval '3 days' - (1 - i / $1::float8) * interval '365 days') as created_at,
      case when random() < $2::float8 then 0 else (array[1, 1, 1, 2, 2, 2, 3, 3, 4, 5])[1 + floor(random() * 10)] end
        as attempts,
      1 + floor(random() ^ 2 * cardinality($3::text[]))::int as first,
      case when i % 50000 = 777 then cardinality($5::text[])
        else 1 + floor(random() ^ 2 * (cardinality($5::text[]) - 1))::int end as last,
      1 + floor(random() ^ 2 * (cardinality($5::text[]) - 1))::int as second_last,
      1 + floor(random() * cardinality($7::text[]))::int as product,
      1 + floor(random() * cardinality($9::text[]))::int as city,
      1 + floor(random() * 40)::int as agent, 1 + floor(random() ^ 1.5 * 6)::int as source,
      random() as luck, random() as fate
    from generate_series(1, $1::int) as i
  ) as drawn
) as drawn`

const ATTEMPTS = `
create temporary table attempt as
select i, number, uuidv7(at - now()) as call_id, contact_id, opportunity_id, phone, at,
  case when number = attempts and is_green then 'green' when random() < 0.15 then 'red' else 'orange' end as colour
from (
  select seed.*, number,
    date_trunc('second', created_at) + number * interval '5 hours' + random() * interval '4 hours' as moment
  from seed, generate_series(1, attempts) as number
) as drawn, date_trunc('second', moment) as at`

const CONTACTS = `
insert into contacts (id, name, phones, email, timezone, search_text, created_at, updated_at)
select contact_id, name, array[phone], email, 'Europe/Madrid', ' ' || folded_name || ' ' || email || ' ' || phone,
  created_at, created_at
from seed cross join lateral (select replace(folded_name, ' ', '.') || i || '@example.com' as email) as made
order by i`

const OPPORTUNITIES = `
insert into lead_opportunities (id, contact_id, title, title_search_text, contact_search_text,
  status, assigned_to, source, first_call_attempts,
  first_call_completed, first_call_successful_attempt, last_contact_attempt_at, attempt_call_created_at, revision,
  created_at, updated_at)
select opportunity_id, contact_id, title, ' ' || folded_title, search_text, status, assigned_to, source, coalesce(by_number, '{}'),
  is_green, case when is_green then attempts end, latest, coalesce(call_times, '{}'), attempts + 1,
  created_at, coalesce(latest, created_at)
from seed join (select id as contact_id, search_text from contacts) as searched using (contact_id) left join (
  select i, max(at) as latest, array_agg(at order by number) as call_times,
    jsonb_object_agg(number, jsonb_build_object('status', colour, 'call_id', call_id,
      'attempted_at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
      'notes', case colour when 'green' then 'Le interesa, pide una oferta.' else '' end)) as by_number
  from attempt group by i
) as made using (i)
order by i`

/** Those that are attempts, and as many that are none as make up the number. */
const CALLS = `
insert into calls (id, entity_type, entity_id, direction, call_status, resumen_llamada, phone_number, extension,
  started_at, ended_at, duration_seconds, provider, provider_call_id, sources, outcome, opportunity_id, created_at,
  updated_at)
select id, case when entity_id is not null then 'contacts' end, entity_id, direction, call_status,
  case call_status when 'answered' then 'Le interesa, pide una oferta.' end, phone,
  (100 + floor(random() * 40))::text, at, at + seconds * interval '1 second', seconds,
  case when random() < 0.8 then 'pbx' else 'dialer' end, id::text,
  '{"direction": "start", "call_status": "end", "duration_seconds": "end"}', outcome, opportunity_id, at, at
from (
  select call_id as id, contact_id as entity_id, 'outbound' as direction,
    case colour when 'green' then 'answered' when 'red' then 'rejected'
      else (array['no_answer', 'no_answer', 'busy', 'failed'])[1 + floor(random() * 4)] end as call_status,
    phone, at, case colour when 'green' then 120 else 25 end as seconds, 'registered' as outcome, opportunity_id
  from attempt
  union all
  select uuidv7(at - now()), case outcome when 'not_a_contact' then null else contact_id end,
    case outcome when 'not_outbound' then 'inbound' else 'outbound' end,
    (array['answered', 'no_answer', 'busy'])[1 + floor(random() * 3)], phone, at, 60, outcome,
    case when outcome in ('limit_reached', 'first_call_completed') then opportunity_id end
  from (
    select seed.*, date_trunc('second', created_at + interval '2 days') as at,
      case
        when kind < 0.2 then 'not_a_contact'
        when status not in ('pending', 'assigned', 'contacted') then 'no_open_opportunity'
        when is_green then 'first_call_completed'
        when attempts = 5 then 'limit_reached'
        else 'not_outbound'
      end as outcome
    from (
      select 1 + floor(random() * $1::int)::int as i, random() as kind
      from generate_series(1, $2::int - (select count(*)::int from attempt))
    ) as drawn join seed using (i)
  ) as others
) as drawn
order by at`

/** As if each call had come by a key, one after the other. */
const AUDIT = `
with numbered as materialized (
  select nextval('audit_id_seq') as id, calls.id as call_id, entity_type, entity_id, direction, call_status, extension,
    started_at, ended_at, duration_seconds, outcome, opportunity_id, created_at, phone_number
  from (select * from calls order by created_at) as calls
), entries as (
  insert into audit (id, at, who, request_id, action, entity_id, after, personal_fields)
  select id, created_at, 'key:01920f6e-7c1d-7a3b-8f00-1234567890ab', '01920f6e-7c1d-7a3b-8f00-1234567890ac', 'call.created',
    call_id, json_build_object('entity_type', entity_type, 'entity_id', entity_id, 'direction', direction,
      'call_status', call_status, 'extension', extension, 'started_at', started_at, 'ended_at', ended_at,
      'duration_seconds', duration_seconds, 'outcome', outcome, 'opportunity_id', opportunity_id, 'created_at', created_at),
    'phone_number'
  from numbered
)
insert into audit_values (audit_id, contact_id, call_id, after)
select id, entity_id, call_id, json_build_object('phone_number', phone_number) from numbered`

/** Fills the tables anew with believable data, made inside PostgreSQL, and gathers statistics. */
export async function fill(client: pg.Client, { opportunities, calls, untried }: DataSize): Promise<void> {
  const lastNames = [...LAST_NAMES, RARE_LAST_NAME]
  await truncate(client)
  await client.query(`set work_mem = '256MB'; set maintenance_work_mem = '512MB'; set synchronous_commit = off`)
  const indexes = opportunities >= MANY ? await dropIndexes(client) : []
  // Row by row, for what is not there yet.
  await client.query('alter table contacts disable trigger user')
  await client.query('alter table lead_opportunities disable trigger copy_search_text_of_contact')
  const lists = [FIRST_NAMES, lastNames, PRODUCTS, CITIES].flatMap((words) => [words, words.map(folded)])
  await client.query(literally(SEED, [opportunities, untried, ...lists]))
  await client.query(ATTEMPTS)
  await client.query('analyze seed; analyze attempt')
  for (const statement of [CONTACTS, OPPORTUNITIES]) await client.query(statement)
  await client.query(CALLS, [opportunities, calls])
  await client.query(AUDIT)
  await client.query('drop table seed; drop table attempt')
  await client.query('alter table contacts enable trigger user')
  await client.query('alter table lead_opportunities enable trigger copy_search_text_of_contact')
  for (const index of indexes) await client.query(index)
  for (const table of TABLES) await client.query(`vacuum analyze ${table}`)
}

/** A sweep that looks at the same tables at this moment may have locked them in another order. */
async function truncate(client: pg.Client): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await client.query(`begin; alter table audit disable trigger user; truncate ${TABLES};
        alter table audit enable trigger user; commit`)
      return
    } catch (error) {
      await client.query('rollback')
      if (sqlState(error) !== '40P01' || tries === 5) throw error
    }
  }
}

/** A contact to call. */
export interface Callable {
  id: string
  phone: string
}

/** Contacts with an open opportunity that has room for calls, up to 200 000 of them. */
export async function contactsToCall(client: pg.Client): Promise<Callable[]> {
  const { rows } = await client.query<Callable>(
    `select contacts.id, phones[1] as phone from lead_opportunities join contacts on contacts.id = contact_id
     where status in ('pending', 'assigned', 'contacted') and not first_call_completed and attempts_made <= 2
     order by random() limit 200000`,
  )
  return rows
}

const folded = (text: string): string => searchTextOf([text]).trim()

/** `create table as` takes no parameters. */
function literally(statement: string, values: readonly (number | string[])[]): string {
  return statement.replace(/\$(\d+)/g, (_, place: string) => {
    const value = values[Number(place) - 1] ?? 0
    if (typeof value === 'number') return String(value)
    return `array[${value.map((word) => `'${word.replaceAll("'", "''")}'`).join(', ')}]`
  })
}

/** @returns the statements that make them again */
async function dropIndexes(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ indexname: string; indexdef: string }>(
    `select indexname, indexdef from pg_indexes
     where schemaname = 'public' and tablename = any($1) and indexname not in (select conname from pg_constraint)`,
    [TABLES],
  )
  for (const { indexname } of rows) await client.query(`drop index ${indexname}`)
  return rows.map(({ indexdef }) => indexdef)
}
