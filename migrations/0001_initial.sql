-- Contacts, lead opportunities with their attempts, calls. The rules (A1 to B18) are kept by the service's core;
-- what a single row can tell, the checks here keep a second time, whoever writes.

create extension if not exists pg_trgm;

create table contacts (
  id uuid primary key,
  name text not null check (char_length(name) between 1 and 200),
  phones text[] not null default '{}' check (cardinality(phones) <= 20),
  email text check (char_length(email) <= 254),
  timezone text,
  opt_out boolean not null default false,
  -- Name, e-mail and phones, folded; written by the service with them, so that "garcía" and "GARCIA" are found alike.
  search_text text not null,
  revision bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index contacts_by_created_at on contacts (created_at, id);
create index contacts_by_phone on contacts using gin (phones);
create index contacts_by_search_text on contacts using gin (search_text gin_trgm_ops);

-- A12 and A6: keys 1 to n without a gap and n at most five; exactly four fields; times in UTC and in order (B4);
-- each call once (A4).
create function first_call_attempts_are_sound(attempts jsonb) returns boolean
language plpgsql immutable parallel safe as $$
declare
  attempt jsonb;
  number int := 0;
  call_ids text[] := '{}';
  previous text collate "C" := '';
  moment text collate "C";
begin
  if jsonb_typeof(attempts) <> 'object' then return false; end if;
  loop
    attempt := attempts -> (number + 1)::text;
    exit when attempt is null;
    number := number + 1;
    if number > 5 or jsonb_typeof(attempt) <> 'object' then return false; end if;
    if not attempt ?& array['status', 'call_id', 'attempted_at', 'notes']
      or attempt - array['status', 'call_id', 'attempted_at', 'notes'] <> '{}' then return false; end if;
    if attempt -> 'status' not in ('"green"', '"orange"', '"red"') then return false; end if;
    if jsonb_typeof(attempt -> 'call_id') <> 'string' or jsonb_typeof(attempt -> 'notes') <> 'string' then return false; end if;
    if char_length(attempt ->> 'call_id') not between 1 and 100 or attempt ->> 'call_id' = any (call_ids) then return false; end if;
    call_ids := call_ids || (attempt ->> 'call_id');
    moment := attempt ->> 'attempted_at';
    if moment !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$' then return false; end if;
    moment := rtrim(moment, 'Z');
    if moment < previous then return false; end if;
    previous := moment;
  end loop;
  return attempts - array['1', '2', '3', '4', '5'] = '{}' and number = (select count(*) from jsonb_object_keys(attempts));
end
$$;

create table lead_opportunities (
  id uuid primary key,
  -- No foreign key: the CRM may keep its contacts elsewhere (B18).
  contact_id uuid not null,
  title text check (char_length(title) <= 500),
  -- What searches look in: the title, folded, which the service writes with it; and what the contact is found by, which a
  -- trigger copies.
  title_search_text text not null default '',
  contact_search_text text not null default '',
  status text not null default 'pending' check (char_length(status) between 1 and 40),
  assigned_to text check (char_length(assigned_to) <= 200),
  source text check (char_length(source) <= 200),
  first_call_attempts jsonb not null default '{}',
  first_call_completed boolean not null default false,
  first_call_successful_attempt smallint,
  last_contact_attempt_at timestamptz(3),
  -- B1: an older system had ticked it as completed, without a green attempt.
  completed_elsewhere boolean not null default false,
  -- By number: created_at of the call that is this attempt (B4's tie), null where the attempt is foreign (B7).
  attempt_call_created_at timestamptz(3)[] not null default '{}',
  attempts_made smallint not null generated always as (
    case
      when first_call_attempts ? '5' then 5
      when first_call_attempts ? '4' then 4
      when first_call_attempts ? '3' then 3
      when first_call_attempts ? '2' then 2
      when first_call_attempts ? '1' then 1
      else 0
    end) stored,
  last_status text generated always as (
    coalesce(
      first_call_attempts #>> '{5,status}', first_call_attempts #>> '{4,status}', first_call_attempts #>> '{3,status}',
      first_call_attempts #>> '{2,status}', first_call_attempts #>> '{1,status}')) stored,
  revision bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint first_call_attempts_sound check (first_call_attempts_are_sound(first_call_attempts)),
  constraint every_attempt_has_its_origin check (cardinality(attempt_call_created_at) = attempts_made),
  constraint first_call_completed_follows check (
    first_call_completed = (completed_elsewhere or first_call_successful_attempt is not null)),
  constraint first_call_successful_attempt_follows check (
    first_call_successful_attempt is not distinct from
    case 'green'
      when first_call_attempts #>> '{1,status}' then 1
      when first_call_attempts #>> '{2,status}' then 2
      when first_call_attempts #>> '{3,status}' then 3
      when first_call_attempts #>> '{4,status}' then 4
      when first_call_attempts #>> '{5,status}' then 5
    end),
  constraint last_contact_attempt_at_follows check (
    last_contact_attempt_at is not distinct from
    (first_call_attempts -> attempts_made::text ->> 'attempted_at')::timestamptz)
);
-- None of these is on what an attempt changes, so that registering one touches no index of this table; and the pages have
-- room for the row's next version.
alter table lead_opportunities set (fillfactor = 80);
create index lead_opportunities_by_contact on lead_opportunities (contact_id);
create index lead_opportunities_by_created_at on lead_opportunities (created_at, id);
create index lead_opportunities_by_assigned_to on lead_opportunities (assigned_to, created_at, id);
create index lead_opportunities_by_source on lead_opportunities (source, created_at, id);
create index lead_opportunities_by_search_text on lead_opportunities
  using gin ((title_search_text || contact_search_text) gin_trgm_ops);

-- What lists sort and filter by and every attempt changes, and what searches look through: a narrow row beside each
-- opportunity. The triggers below keep it, whoever writes.
create table listed_opportunities (
  opportunity_id uuid primary key references lead_opportunities on delete cascade,
  created_at timestamptz(3) not null,
  status text not null,
  assigned_to text,
  source text,
  first_call_completed boolean not null,
  attempts_made smallint not null,
  last_status text,
  -- Never tried counts as longest ago.
  last_attempt_at timestamptz(3) not null,
  search_text text not null
);
create index listed_opportunities_by_status on listed_opportunities (status, created_at, opportunity_id);
create index listed_opportunities_by_last_attempt on listed_opportunities (last_attempt_at, opportunity_id);
create index listed_opportunities_by_status_and_last_attempt on listed_opportunities
  (status, last_attempt_at, opportunity_id);
-- Only for values that may be rare: an index on what every attempt changes would be written at every call.
create index listed_opportunities_untried_or_full on listed_opportunities (attempts_made, created_at, opportunity_id)
  where attempts_made in (0, 5);
create index listed_opportunities_full_by_last_attempt on listed_opportunities (last_attempt_at, opportunity_id)
  where attempts_made = 5;
create index listed_opportunities_completed on listed_opportunities (created_at, opportunity_id)
  where first_call_completed;
create index listed_opportunities_completed_by_last_attempt on listed_opportunities (last_attempt_at, opportunity_id)
  where first_call_completed;
create index listed_opportunities_by_last_status on listed_opportunities (last_status, created_at, opportunity_id)
  where last_status in ('green', 'red');
create index listed_opportunities_by_last_status_and_attempt on listed_opportunities
  (last_status, last_attempt_at, opportunity_id) where last_status in ('green', 'red');

create function list_new_opportunities() returns trigger language plpgsql as $$
begin
  insert into listed_opportunities
  select id, created_at, status, assigned_to, source, first_call_completed, attempts_made, last_status,
    coalesce(last_contact_attempt_at, '-infinity'), title_search_text || contact_search_text
  from made;
  return null;
end
$$;
create trigger list_new_opportunities after insert on lead_opportunities
  referencing new table as made for each statement execute function list_new_opportunities();

create function list_changed_opportunities() returns trigger language plpgsql as $$
begin
  update listed_opportunities set created_at = changed.created_at, status = changed.status,
    assigned_to = changed.assigned_to, source = changed.source, first_call_completed = changed.first_call_completed,
    attempts_made = changed.attempts_made, last_status = changed.last_status,
    last_attempt_at = coalesce(changed.last_contact_attempt_at, '-infinity'),
    search_text = title_search_text || contact_search_text
  from changed where opportunity_id = changed.id;
  return null;
end
$$;
create trigger list_changed_opportunities after update on lead_opportunities
  referencing new table as changed for each statement execute function list_changed_opportunities();

-- An opportunity and its contact that are made or changed at the same moment: the later one waits, and sees the other.
create function await_contact(contact_id uuid) returns void language sql as $$
  select pg_advisory_xact_lock(4012, hashtext(contact_id::text) & 63)
$$;

create function copy_search_text_of_contact() returns trigger language plpgsql as $$
begin
  perform await_contact(new.contact_id);
  new.contact_search_text := coalesce((select search_text from contacts where id = new.contact_id), '');
  return new;
end
$$;
create trigger copy_search_text_of_contact before insert or update of contact_id on lead_opportunities
  for each row execute function copy_search_text_of_contact();

create function copy_search_text_to_opportunities() returns trigger language plpgsql as $$
begin
  perform await_contact(new.id);
  update lead_opportunities set contact_search_text = new.search_text
  where contact_id = new.id and contact_search_text <> new.search_text;
  return null;
end
$$;
create trigger copy_search_text_to_opportunities after insert or update of search_text on contacts
  for each row execute function copy_search_text_to_opportunities();

-- B7: attempts of an older system whose call is not ours. One call_id is held by one opportunity only.
create table foreign_attempts (
  call_id text primary key check (char_length(call_id) between 1 and 100),
  opportunity_id uuid not null references lead_opportunities,
  -- The call of ours that this may become.
  call_uuid uuid generated always as (
    case when call_id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then call_id::uuid end) stored,
  created_at timestamptz(3) not null default now()
);
create index foreign_attempts_by_created_at on foreign_attempts (created_at) where call_uuid is not null;
create index foreign_attempts_by_opportunity on foreign_attempts (opportunity_id);
create index foreign_attempts_by_call_uuid on foreign_attempts (call_uuid) where call_uuid is not null;

create table calls (
  id uuid primary key,
  entity_type text check (char_length(entity_type) <= 40),
  -- No foreign key: a call for somebody we don't know is kept (B18).
  entity_id uuid,
  direction text not null check (direction in ('inbound', 'outbound', 'internal')),
  call_status text check (char_length(call_status) <= 40),
  call_result text check (char_length(call_result) <= 20000),
  resumen_llamada text check (char_length(resumen_llamada) <= 20000),
  phone_number text check (char_length(phone_number) <= 60),
  extension text check (char_length(extension) <= 40),
  started_at timestamptz(3),
  answered_at timestamptz(3),
  ended_at timestamptz(3),
  duration_seconds integer check (duration_seconds >= 0),
  provider text check (char_length(provider) <= 100),
  provider_call_id text check (char_length(provider_call_id) <= 100),
  -- B10: for each field that has one, who wrote it.
  sources jsonb not null default '{}' check (jsonb_typeof(sources) = 'object'),
  outcome text not null check (outcome in (
    'not_outbound', 'not_a_contact', 'unknown_contact', 'registered', 'limit_reached', 'first_call_completed',
    'no_open_opportunity', 'pending')),
  opportunity_id uuid references lead_opportunities,
  -- B9: since when registering waits, when it is tried next, how often it was tried on its own, and whether the
  -- opportunity counts it meanwhile.
  pending_since timestamptz(3),
  due_at timestamptz(3),
  tries integer not null default 0,
  is_counted boolean not null default false,
  revision bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  -- B5: what is left of a deleted call is its stone: ids and keys, so that nothing brings it back.
  deleted_at timestamptz(3),
  happened_at timestamptz(3) not null generated always as (coalesce(started_at, created_at)) stored,
  constraint provider_key_is_whole check ((provider is null) = (provider_call_id is null)),
  constraint pending_is_due check (
    (outcome = 'pending' and deleted_at is null) = (due_at is not null) and (due_at is null) = (pending_since is null)),
  constraint named_where_decided check (
    case outcome
      when 'registered' then opportunity_id is not null or deleted_at is not null
      when 'limit_reached' then opportunity_id is not null or deleted_at is not null
      when 'first_call_completed' then opportunity_id is not null or deleted_at is not null
      when 'pending' then true
      else opportunity_id is null
    end),
  constraint stone_is_empty check (
    deleted_at is null
    or num_nonnulls(entity_type, entity_id, call_status, call_result, resumen_llamada, phone_number, extension,
         started_at, answered_at, ended_at, duration_seconds, opportunity_id) = 0 and sources = '{}')
);
-- B12
create unique index calls_by_provider_key on calls (provider, provider_call_id) where provider is not null;
create index calls_by_time on calls (happened_at, id) where deleted_at is null;
create index calls_by_entity on calls (entity_id, happened_at, id) where deleted_at is null and entity_id is not null;
create index calls_by_opportunity on calls (opportunity_id, happened_at, id) where opportunity_id is not null;
-- Most calls are outbound, and found by time.
create index calls_by_direction on calls (direction, happened_at, id) where deleted_at is null and direction <> 'outbound';
create index calls_by_call_status on calls (lower(btrim(call_status)), happened_at, id) where deleted_at is null and call_status is not null;
create index calls_by_outcome on calls (outcome, happened_at, id) where deleted_at is null;
create index calls_by_provider on calls (provider, happened_at, id) where deleted_at is null and provider is not null;
create index calls_by_phone_number on calls (phone_number, happened_at, id) where deleted_at is null and phone_number is not null;
create index calls_due on calls (due_at) where due_at is not null;
create index calls_pending_by_entity on calls (entity_id) where due_at is not null;

-- How far a sweep has come that looks at everything once.
create table sweep_marks (
  name text primary key,
  swept_until timestamptz(3) not null
);
insert into sweep_marks (name, swept_until) values ('meetings', now());

-- A key stands for one request; for all places of a batch.
create table idempotency_requests (
  owner text not null,
  key text not null check (char_length(key) between 1 and 255),
  request_hash text not null,
  created_at timestamptz(3) not null default now(),
  primary key (owner, key),
  unique (owner, key, request_hash)
);
create index idempotency_requests_by_created_at on idempotency_requests (created_at);

-- One row per remembered answer, written by the same statement as what it answers for; a batch has one per place.
-- Whoever comes with another request fails on the foreign key, however close behind.
create table idempotency_keys (
  owner text not null,
  key text not null,
  place integer not null default 0,
  request_hash text not null,
  answer json not null,
  created_at timestamptz(3) not null default now(),
  primary key (owner, key, place),
  foreign key (owner, key, request_hash) references idempotency_requests (owner, key, request_hash)
);
create index idempotency_keys_by_created_at on idempotency_keys (created_at);

-- Only the hash of a key is kept.
create table api_keys (
  id uuid primary key,
  name text not null,
  role text not null check (role in ('admin')),
  key_sha256 bytea not null unique check (octet_length(key_sha256) = 32),
  created_at timestamptz(3) not null default now()
);
