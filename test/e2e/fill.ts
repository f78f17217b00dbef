import type { TestService } from '../service.ts'

/** So many are made by one statement. */
const AT_ONCE = 500

/** Leads in SQL: so many would take long one by one. The first is the newest; each third is contacted. */
export async function fillWith(service: TestService, count: number): Promise<void> {
  await service.sql('truncate contacts, lead_opportunities, listed_opportunities, calls cascade')
  for (let from = 1; from <= count; from += AT_ONCE) {
    const places = [from, Math.min(count, from + AT_ONCE - 1)]
    await service.sql(
      `insert into contacts (id, name, phones, search_text, created_at)
       select gen_random_uuid(), 'Lead ' || place, array[phone], ' lead ' || place || ' ' || phone,
         now() - place * interval '1 minute'
       from generate_series($1::int, $2::int) as place,
         lateral (select '+3460' || lpad(place::text, 7, '0') as phone) as made`,
      places,
    )
    await service.sql(
      `insert into lead_opportunities (id, contact_id, title, title_search_text, status, source, created_at)
       select gen_random_uuid(), contacts.id, 'Piso ' || place, ' piso ' || place,
         case when place % 3 = 0 then 'contacted' else 'pending' end, case when place % 2 = 0 then 'web' else 'fair' end,
         contacts.created_at
       from generate_series($1::int, $2::int) as place join contacts on name = 'Lead ' || place`,
      places,
    )
  }
}
