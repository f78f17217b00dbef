-- Keys of several roles, which may end; and what an agent's lists of contacts and calls are found by.

alter table api_keys
  -- Stands in the key itself, and tells it from others without telling it. Older keys have none.
  add short_id text unique check (short_id ~ '^[0-9A-Za-z]{8}$'),
  -- The person for whom it acts.
  add user_id text check (char_length(user_id) between 1 and 200),
  add expires_at timestamptz(3),
  add last_used_at timestamptz(3),
  add revoked_at timestamptz(3),
  drop constraint api_keys_role_check,
  add constraint api_keys_role_check check (role in ('admin', 'manager', 'agent', 'viewer')),
  add constraint api_keys_name_check check (char_length(name) between 1 and 200);

-- Who has no opportunity is nobody's, and every agent sees him; no index could tell who that is. Kept by triggers.
create table contacts_without_opportunity (
  contact_id uuid primary key references contacts (id) on delete cascade
);
insert into contacts_without_opportunity
select id from contacts where not exists (select from lead_opportunities where contact_id = contacts.id);

create function note_new_contact() returns trigger language plpgsql as $$
begin
  perform await_contact(new.id);
  insert into contacts_without_opportunity
  select new.id where not exists (select from lead_opportunities where contact_id = new.id);
  return null;
end
$$;
create trigger note_new_contact after insert on contacts for each row execute function note_new_contact();

-- Whoever makes an opportunity has waited for its contact already (copy_search_text_of_contact).
create function note_first_opportunities() returns trigger language plpgsql as $$
begin
  delete from contacts_without_opportunity using made where contacts_without_opportunity.contact_id = made.contact_id;
  return null;
end
$$;
create trigger note_first_opportunities after insert on lead_opportunities referencing new table as made
for each statement execute function note_first_opportunities();

create function note_last_opportunity() returns trigger language plpgsql as $$
begin
  perform await_contact(old.contact_id);
  insert into contacts_without_opportunity
  select id from contacts where id = old.contact_id
    and not exists (select from lead_opportunities where contact_id = old.contact_id)
  on conflict do nothing;
  return null;
end
$$;
create trigger note_last_opportunity after delete on lead_opportunities
for each row execute function note_last_opportunity();

-- The calls that are nobody's for want of a contact. No attempt is among them.
create index calls_without_contact on calls (happened_at, id)
where deleted_at is null and opportunity_id is null
  and (entity_id is null or entity_type is distinct from 'contacts');
