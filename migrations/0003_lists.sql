-- Searches and filters look through the opportunities that were tried last by an index alone: reading half a megabyte
-- instead of a page of the table for each row.

-- What an index can hold, beside the longest agent and source; a longer text is looked up with its opportunity.
create function listed_search_text(search_text text) returns text language sql immutable parallel safe as $$
  select case when octet_length(search_text) <= 800 then search_text end
$$;

alter table listed_opportunities alter column search_text drop not null;
update listed_opportunities set search_text = null where listed_search_text(search_text) is null;

create or replace function list_new_opportunities() returns trigger language plpgsql as $$
begin
  insert into listed_opportunities
  select id, created_at, status, assigned_to, source, first_call_completed, attempts_made, last_status,
    coalesce(last_contact_attempt_at, '-infinity'), listed_search_text(title_search_text || contact_search_text)
  from made;
  return null;
end
$$;

create or replace function list_changed_opportunities() returns trigger language plpgsql as $$
begin
  update listed_opportunities set created_at = changed.created_at, status = changed.status,
    assigned_to = changed.assigned_to, source = changed.source, first_call_completed = changed.first_call_completed,
    attempts_made = changed.attempts_made, last_status = changed.last_status,
    last_attempt_at = coalesce(changed.last_contact_attempt_at, '-infinity'),
    search_text = listed_search_text(title_search_text || contact_search_text)
  from changed where opportunity_id = changed.id;
  return null;
end
$$;

drop index listed_opportunities_by_last_attempt;
create index listed_opportunities_by_last_attempt on listed_opportunities (last_attempt_at, opportunity_id)
  include (assigned_to, source, search_text);
-- It is enough alone only for pages that a vacuum has seen since their last change.
alter table listed_opportunities set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
