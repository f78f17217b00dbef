import type pg from 'pg'

/** Calls of an older system, as an import stored them before anybody brought the opportunities. */
export interface HistorySize {
  contacts: number
  /** Of each contact. */
  calls: number
  /** Whether ids are in the order of time, as ours are, or without any order, as those of many other systems. */
  ids: 'in order' | 'random'
}

/*
 * Contacts with one open opportunity each, which was there before its calls, and calls that nothing holds: over one year,
 * in the order of their time.
 */

type Id = (at: string) => string

const IDS: Record<HistorySize['ids'], Id> = {
  'in order': (at) => `uuidv7(${at} - now())`,
  random: () => 'gen_random_uuid()',
}

const contacts = (id: Id): string => `
insert into contacts (id, name, phones, search_text, created_at)
select ${id('at')}, 'Contact ' || i, array[phone], ' contact ' || i || ' ' || phone, at
from (
  select i, '+346' || lpad(i::text, 8, '0') as phone, now() - interval '400 days' + i * (interval '365 days' / $1::int) as at
  from generate_series(1, $1::int) as i
) as drawn`

const opportunities = (id: Id): string => `
insert into lead_opportunities (id, contact_id, title, title_search_text, contact_search_text, assigned_to, source, created_at)
select ${id('created_at')}, id, 'Opportunity', ' opportunity', search_text, 'agent@example.com', 'import', created_at
from contacts order by created_at`

const calls = (id: Id): string => `
insert into calls (id, entity_type, entity_id, direction, call_status, resumen_llamada, phone_number, extension,
  started_at, ended_at, duration_seconds, sources, outcome, created_at, updated_at)
select ${id('at')}, 'contacts', id, 'outbound',
  (array['no_answer', 'busy', 'failed', 'rejected'])[1 + number % 4], case when number % 2 = 0 then 'Llamar mañana' end, phones[1],
  '101', at, at + interval '25 seconds', 25,
  '{"direction": "person", "call_status": "person", "entity_type": "person", "entity_id": "person", "started_at": "person"}',
  'unknown_contact', at, at
from (
  select contacts.*, number, date_trunc('second', created_at) + number * interval '5 hours' + floor(random() * 14400) * interval '1 second' as at
  from contacts, generate_series(1, $1::int) as number
) as drawn
order by at`

/** Fills an empty database, and gathers statistics. */
export async function fillHistory(client: pg.Client, size: HistorySize): Promise<void> {
  const id = IDS[size.ids]
  await client.query(`set work_mem = '256MB'; set maintenance_work_mem = '512MB'; set synchronous_commit = off`)
  await client.query('alter table contacts disable trigger user')
  await client.query('alter table lead_opportunities disable trigger copy_search_text_of_contact')
  await client.query(contacts(id), [size.contacts])
  await client.query(opportunities(id))
  await client.query(calls(id), [size.calls])
  await client.query('alter table contacts enable trigger user')
  await client.query('alter table lead_opportunities enable trigger copy_search_text_of_contact')
  for (const table of ['contacts', 'lead_opportunities', 'listed_opportunities', 'calls']) {
    await client.query(`vacuum analyze ${table}`)
  }
}
