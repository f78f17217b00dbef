-- The schema that migrations/ makes, from the catalogs. `npm run schema` writes this file.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE OR REPLACE FUNCTION public.await_contact(contact_id uuid)
 RETURNS void
 LANGUAGE sql
AS $function$
  select pg_advisory_xact_lock(4012, hashtext(contact_id::text) & 63)
$function$;

CREATE OR REPLACE FUNCTION public.copy_search_text_of_contact()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform await_contact(new.contact_id);
  new.contact_search_text := coalesce((select search_text from contacts where id = new.contact_id), '');
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.copy_search_text_to_opportunities()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform await_contact(new.id);
  update lead_opportunities set contact_search_text = new.search_text
  where contact_id = new.id and contact_search_text <> new.search_text;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.erased_key(natural_key text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select case when natural_key like 'erased:%' then natural_key
    else 'erased:' || encode(sha256(convert_to(natural_key, 'UTF8')), 'hex') end
$function$;

CREATE OR REPLACE FUNCTION public.first_call_attempts_are_sound(attempts jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
declare
  attempt jsonb;
  number int := 0;
  call_ids text[] := '{}';
  call_id text;
  moment text collate "C";
  previous text collate "C" := '';
begin
  if jsonb_typeof(attempts) <> 'object' then return false; end if;
  loop
    attempt := attempts -> (number + 1)::text;
    exit when attempt is null;
    number := number + 1;
    call_id := attempt ->> 'call_id';
    moment := attempt ->> 'attempted_at';
    if (case when number > 5 or jsonb_typeof(attempt) <> 'object' then false
      else attempt ?& array['status', 'call_id', 'attempted_at', 'notes']
        and attempt - array['status', 'call_id', 'attempted_at', 'notes'] = '{}'
        and attempt -> 'status' in ('"green"', '"orange"', '"red"')
        and jsonb_typeof(attempt -> 'call_id') = 'string' and jsonb_typeof(attempt -> 'notes') = 'string'
        and char_length(call_id) between 1 and 100 and call_id <> all (call_ids)
        and translate(moment, '123456789', '000000000') in (
          '0000-00-00T00:00:00Z', '0000-00-00T00:00:00.0Z', '0000-00-00T00:00:00.00Z', '0000-00-00T00:00:00.000Z')
        and rtrim(moment, 'Z') >= previous
      end) is not true then return false; end if;
    call_ids := call_ids || call_id;
    previous := rtrim(moment, 'Z');
  end loop;
  return attempts - array['1', '2', '3', '4', '5'] = '{}'
    and not attempts ?| (array['1', '2', '3', '4', '5'])[number + 1:];
end
$function$;

CREATE OR REPLACE FUNCTION public.list_changed_opportunities()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update listed_opportunities set created_at = changed.created_at, status = changed.status,
    assigned_to = changed.assigned_to, source = changed.source, first_call_completed = changed.first_call_completed,
    attempts_made = changed.attempts_made, last_status = changed.last_status,
    last_attempt_at = coalesce(changed.last_contact_attempt_at, '-infinity'),
    search_text = listed_search_text(title_search_text || contact_search_text)
  from changed where opportunity_id = changed.id;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.list_new_opportunities()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into listed_opportunities
  select id, created_at, status, assigned_to, source, first_call_completed, attempts_made, last_status,
    coalesce(last_contact_attempt_at, '-infinity'), listed_search_text(title_search_text || contact_search_text)
  from made;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.listed_search_text(search_text text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select case when octet_length(search_text) <= 800 then search_text end
$function$;

CREATE OR REPLACE FUNCTION public.note_first_opportunities()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from contacts_without_opportunity using made where contacts_without_opportunity.contact_id = made.contact_id;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.note_last_opportunity()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform await_contact(old.contact_id);
  insert into contacts_without_opportunity
  select id from contacts where id = old.contact_id
    and not exists (select from lead_opportunities where contact_id = old.contact_id)
  on conflict do nothing;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.note_new_contact()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform await_contact(new.id);
  insert into contacts_without_opportunity
  select new.id where not exists (select from lead_opportunities where contact_id = new.id);
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_audit()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'The audit is added to, and neither changed nor emptied.' using errcode = 'insufficient_privilege';
end
$function$;

CREATE TABLE api_keys (
  id uuid NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  key_sha256 bytea NOT NULL,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  short_id text,
  user_id text,
  expires_at timestamp(3) with time zone,
  last_used_at timestamp(3) with time zone,
  revoked_at timestamp(3) with time zone,
  CONSTRAINT api_keys_key_sha256_check CHECK ((octet_length(key_sha256) = 32)),
  CONSTRAINT api_keys_key_sha256_key UNIQUE (key_sha256),
  CONSTRAINT api_keys_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
  CONSTRAINT api_keys_pkey PRIMARY KEY (id),
  CONSTRAINT api_keys_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'manager'::text, 'agent'::text, 'viewer'::text]))),
  CONSTRAINT api_keys_short_id_check CHECK ((short_id ~ '^[0-9A-Za-z]{8}$'::text)),
  CONSTRAINT api_keys_short_id_key UNIQUE (short_id),
  CONSTRAINT api_keys_user_id_check CHECK (((char_length(user_id) >= 1) AND (char_length(user_id) <= 200)))
);

CREATE TABLE audit (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  at timestamp(3) with time zone NOT NULL,
  who text NOT NULL,
  request_id text,
  action text NOT NULL,
  entity_id uuid NOT NULL,
  before json,
  after json,
  personal_fields text,
  CONSTRAINT audit_pkey PRIMARY KEY (at, id)
);

CREATE TABLE audit_values (
  audit_id bigint NOT NULL,
  contact_id uuid,
  call_id uuid,
  before json,
  after json,
  CONSTRAINT audit_values_pkey PRIMARY KEY (audit_id)
);

CREATE TABLE calls (
  id uuid NOT NULL,
  entity_type text,
  entity_id uuid,
  direction text NOT NULL,
  call_status text,
  call_result text,
  resumen_llamada text,
  phone_number text,
  extension text,
  started_at timestamp(3) with time zone,
  answered_at timestamp(3) with time zone,
  ended_at timestamp(3) with time zone,
  duration_seconds integer,
  provider text,
  provider_call_id text,
  sources jsonb DEFAULT '{}'::jsonb NOT NULL,
  outcome text NOT NULL,
  opportunity_id uuid,
  pending_since timestamp(3) with time zone,
  due_at timestamp(3) with time zone,
  tries integer DEFAULT 0 NOT NULL,
  is_counted boolean DEFAULT false NOT NULL,
  revision bigint DEFAULT 1 NOT NULL,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  deleted_at timestamp(3) with time zone,
  happened_at timestamp(3) with time zone GENERATED ALWAYS AS (COALESCE(started_at, created_at)) STORED NOT NULL,
  link jsonb,
  erased_at timestamp(3) with time zone,
  CONSTRAINT calls_call_result_check CHECK ((char_length(call_result) <= 20000)),
  CONSTRAINT calls_call_status_check CHECK ((char_length(call_status) <= 40)),
  CONSTRAINT calls_direction_check CHECK ((direction = ANY (ARRAY['inbound'::text, 'outbound'::text, 'internal'::text]))),
  CONSTRAINT calls_duration_seconds_check CHECK ((duration_seconds >= 0)),
  CONSTRAINT calls_entity_type_check CHECK ((char_length(entity_type) <= 40)),
  CONSTRAINT calls_extension_check CHECK ((char_length(extension) <= 40)),
  CONSTRAINT calls_link_check CHECK ((jsonb_typeof(link) = 'object'::text)),
  CONSTRAINT calls_outcome_check CHECK ((outcome = ANY (ARRAY['not_outbound'::text, 'not_a_contact'::text, 'unknown_contact'::text, 'registered'::text, 'limit_reached'::text, 'first_call_completed'::text, 'no_open_opportunity'::text, 'pending'::text]))),
  CONSTRAINT calls_phone_number_check CHECK ((char_length(phone_number) <= 60)),
  CONSTRAINT calls_pkey PRIMARY KEY (id),
  CONSTRAINT calls_provider_call_id_check CHECK ((char_length(provider_call_id) <= 100)),
  CONSTRAINT calls_provider_check CHECK ((char_length(provider) <= 100)),
  CONSTRAINT calls_resumen_llamada_check CHECK ((char_length(resumen_llamada) <= 20000)),
  CONSTRAINT calls_sources_check CHECK ((jsonb_typeof(sources) = 'object'::text)),
  CONSTRAINT named_where_decided CHECK (
CASE outcome
    WHEN 'registered'::text THEN ((opportunity_id IS NOT NULL) OR (deleted_at IS NOT NULL))
    WHEN 'limit_reached'::text THEN ((opportunity_id IS NOT NULL) OR (deleted_at IS NOT NULL))
    WHEN 'first_call_completed'::text THEN ((opportunity_id IS NOT NULL) OR (deleted_at IS NOT NULL))
    WHEN 'pending'::text THEN true
    ELSE (opportunity_id IS NULL)
END),
  CONSTRAINT pending_is_due CHECK (((((outcome = 'pending'::text) AND (deleted_at IS NULL)) = (due_at IS NOT NULL)) AND ((due_at IS NULL) = (pending_since IS NULL)))),
  CONSTRAINT provider_key_is_whole CHECK (((provider IS NULL) = (provider_call_id IS NULL))),
  CONSTRAINT stone_is_empty CHECK (((deleted_at IS NULL) OR ((num_nonnulls(entity_type, entity_id, call_status, call_result, resumen_llamada, phone_number, extension, started_at, answered_at, ended_at, duration_seconds, opportunity_id) = 0) AND (sources = '{}'::jsonb))))
);

CREATE TABLE claims (
  opportunity_id uuid NOT NULL,
  owner text NOT NULL,
  name text NOT NULL,
  claimed_until timestamp(3) with time zone NOT NULL,
  desk text DEFAULT ''::text NOT NULL,
  CONSTRAINT claims_pkey PRIMARY KEY (opportunity_id)
);

CREATE TABLE contacts (
  id uuid NOT NULL,
  name text NOT NULL,
  phones text[] DEFAULT '{}'::text[] NOT NULL,
  email text,
  timezone text,
  opt_out boolean DEFAULT false NOT NULL,
  search_text text NOT NULL,
  revision bigint DEFAULT 1 NOT NULL,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT contacts_email_check CHECK ((char_length(email) <= 254)),
  CONSTRAINT contacts_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
  CONSTRAINT contacts_phones_check CHECK ((cardinality(phones) <= 20)),
  CONSTRAINT contacts_pkey PRIMARY KEY (id)
);

CREATE TABLE contacts_without_opportunity (
  contact_id uuid NOT NULL,
  CONSTRAINT contacts_without_opportunity_pkey PRIMARY KEY (contact_id)
);

CREATE TABLE dial_requests (
  id uuid NOT NULL,
  contact_id uuid NOT NULL,
  extension text NOT NULL,
  phone_number text NOT NULL,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  call_id uuid,
  written_call_id uuid,
  CONSTRAINT dial_requests_extension_check CHECK ((char_length(extension) <= 40)),
  CONSTRAINT dial_requests_phone_number_check CHECK ((char_length(phone_number) <= 60)),
  CONSTRAINT dial_requests_pkey PRIMARY KEY (id)
);

CREATE TABLE erasures (
  contact_id uuid NOT NULL,
  asked_at timestamp(3) with time zone NOT NULL,
  who text NOT NULL,
  request_id text,
  sought jsonb,
  due_at timestamp(3) with time zone,
  tries integer DEFAULT 0 NOT NULL,
  cleaned_at timestamp(3) with time zone,
  done_at timestamp(3) with time zone,
  CONSTRAINT cleaned_before_done CHECK (((done_at IS NULL) OR (cleaned_at IS NOT NULL))),
  CONSTRAINT due_until_done CHECK (((due_at IS NULL) = (done_at IS NOT NULL))),
  CONSTRAINT erasures_pkey PRIMARY KEY (contact_id),
  CONSTRAINT erasures_sought_check CHECK ((jsonb_typeof(sought) = 'object'::text)),
  CONSTRAINT sought_until_cleaned CHECK (((sought IS NULL) = (cleaned_at IS NOT NULL)))
);

CREATE TABLE foreign_attempts (
  call_id text NOT NULL,
  opportunity_id uuid NOT NULL,
  call_uuid uuid GENERATED ALWAYS AS (
CASE
    WHEN (call_id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'::text) THEN (call_id)::uuid
    ELSE NULL::uuid
END) STORED,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT foreign_attempts_call_id_check CHECK (((char_length(call_id) >= 1) AND (char_length(call_id) <= 100))),
  CONSTRAINT foreign_attempts_pkey PRIMARY KEY (call_id)
);

CREATE TABLE idempotency_keys (
  owner text NOT NULL,
  key text NOT NULL,
  place integer DEFAULT 0 NOT NULL,
  request_hash text NOT NULL,
  answer json NOT NULL,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner, key, place)
);

CREATE TABLE idempotency_requests (
  owner text NOT NULL,
  key text NOT NULL,
  request_hash text NOT NULL,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT idempotency_requests_key_check CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255))),
  CONSTRAINT idempotency_requests_owner_key_request_hash_key UNIQUE (owner, key, request_hash),
  CONSTRAINT idempotency_requests_pkey PRIMARY KEY (owner, key)
);

CREATE TABLE inbox (
  id uuid NOT NULL,
  door text NOT NULL,
  natural_key text,
  received_at timestamp(3) with time zone NOT NULL,
  headers jsonb DEFAULT '{}'::jsonb NOT NULL,
  body bytea NOT NULL,
  event text NOT NULL,
  result text,
  reason text,
  call_id uuid,
  handled_at timestamp(3) with time zone,
  due_at timestamp(3) with time zone,
  tries integer DEFAULT 0 NOT NULL,
  fault text,
  file_name text,
  emptied_at timestamp(3) with time zone,
  CONSTRAINT inbox_door_check CHECK ((door = ANY (ARRAY['zadarma'::text, 'mail'::text]))),
  CONSTRAINT inbox_event_check CHECK ((char_length(event) <= 100)),
  CONSTRAINT inbox_pkey PRIMARY KEY (id),
  CONSTRAINT inbox_result_check CHECK ((result = ANY (ARRAY['call'::text, 'kept'::text]))),
  CONSTRAINT unhandled_is_due CHECK ((((handled_at IS NULL) = (due_at IS NOT NULL)) AND ((handled_at IS NULL) = (result IS NULL))))
);

CREATE TABLE known_networks (
  key bytea NOT NULL,
  seen_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT known_networks_key_check CHECK ((octet_length(key) = 32)),
  CONSTRAINT known_networks_pkey PRIMARY KEY (key)
);

CREATE TABLE lead_opportunities (
  id uuid NOT NULL,
  contact_id uuid NOT NULL,
  title text,
  title_search_text text DEFAULT ''::text NOT NULL,
  contact_search_text text DEFAULT ''::text NOT NULL,
  status text DEFAULT 'pending'::text NOT NULL,
  assigned_to text,
  source text,
  first_call_attempts jsonb DEFAULT '{}'::jsonb NOT NULL,
  first_call_completed boolean DEFAULT false NOT NULL,
  first_call_successful_attempt smallint,
  last_contact_attempt_at timestamp(3) with time zone,
  completed_elsewhere boolean DEFAULT false NOT NULL,
  attempt_call_created_at timestamp(3) with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL,
  attempts_made smallint GENERATED ALWAYS AS (
CASE
    WHEN (first_call_attempts ? '5'::text) THEN 5
    WHEN (first_call_attempts ? '4'::text) THEN 4
    WHEN (first_call_attempts ? '3'::text) THEN 3
    WHEN (first_call_attempts ? '2'::text) THEN 2
    WHEN (first_call_attempts ? '1'::text) THEN 1
    ELSE 0
END) STORED NOT NULL,
  last_status text GENERATED ALWAYS AS (COALESCE((first_call_attempts #>> '{5,status}'::text[]), (first_call_attempts #>> '{4,status}'::text[]), (first_call_attempts #>> '{3,status}'::text[]), (first_call_attempts #>> '{2,status}'::text[]), (first_call_attempts #>> '{1,status}'::text[]))) STORED,
  revision bigint DEFAULT 1 NOT NULL,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT every_attempt_has_its_origin CHECK ((cardinality(attempt_call_created_at) = attempts_made)),
  CONSTRAINT first_call_attempts_sound CHECK (first_call_attempts_are_sound(first_call_attempts)),
  CONSTRAINT first_call_completed_follows CHECK ((first_call_completed = (completed_elsewhere OR (first_call_successful_attempt IS NOT NULL)))),
  CONSTRAINT first_call_successful_attempt_follows CHECK ((NOT (first_call_successful_attempt IS DISTINCT FROM
CASE 'green'::text
    WHEN (first_call_attempts #>> '{1,status}'::text[]) THEN 1
    WHEN (first_call_attempts #>> '{2,status}'::text[]) THEN 2
    WHEN (first_call_attempts #>> '{3,status}'::text[]) THEN 3
    WHEN (first_call_attempts #>> '{4,status}'::text[]) THEN 4
    WHEN (first_call_attempts #>> '{5,status}'::text[]) THEN 5
    ELSE NULL::integer
END))),
  CONSTRAINT last_contact_attempt_at_follows CHECK ((NOT (last_contact_attempt_at IS DISTINCT FROM (((first_call_attempts -> (attempts_made)::text) ->> 'attempted_at'::text))::timestamp with time zone))),
  CONSTRAINT lead_opportunities_assigned_to_check CHECK ((char_length(assigned_to) <= 200)),
  CONSTRAINT lead_opportunities_pkey PRIMARY KEY (id),
  CONSTRAINT lead_opportunities_source_check CHECK ((char_length(source) <= 200)),
  CONSTRAINT lead_opportunities_status_check CHECK (((char_length(status) >= 1) AND (char_length(status) <= 40))),
  CONSTRAINT lead_opportunities_title_check CHECK ((char_length(title) <= 500))
) WITH (fillfactor=80);

CREATE TABLE listed_opportunities (
  opportunity_id uuid NOT NULL,
  created_at timestamp(3) with time zone NOT NULL,
  status text NOT NULL,
  assigned_to text,
  source text,
  first_call_completed boolean NOT NULL,
  attempts_made smallint NOT NULL,
  last_status text,
  last_attempt_at timestamp(3) with time zone NOT NULL,
  search_text text,
  CONSTRAINT listed_opportunities_pkey PRIMARY KEY (opportunity_id)
) WITH (autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_insert_scale_factor=0.05);

CREATE TABLE log_in_tries (
  key bytea NOT NULL,
  tries integer NOT NULL,
  since timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT log_in_tries_key_check CHECK ((octet_length(key) = 32)),
  CONSTRAINT log_in_tries_pkey PRIMARY KEY (key)
);

CREATE TABLE mailboxes (
  id text NOT NULL,
  uid_validity bigint,
  last_uid bigint DEFAULT 0 NOT NULL,
  claimed_until timestamp(3) with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
  claimed_by uuid,
  updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT mailboxes_pkey PRIMARY KEY (id)
);

CREATE TABLE recordings (
  id uuid NOT NULL,
  call_id uuid,
  provider text NOT NULL,
  provider_recording_id text,
  status text DEFAULT 'expected'::text NOT NULL,
  due_at timestamp(3) with time zone,
  tries integer DEFAULT 0 NOT NULL,
  fault text,
  file_name text,
  content_type text,
  size_bytes bigint,
  sha256 bytea,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  review_item_id uuid,
  matched_by text,
  CONSTRAINT available_has_file CHECK (((status = 'available'::text) = (num_nonnulls(file_name, content_type, size_bytes, sha256) = 4))),
  CONSTRAINT belongs_to_one CHECK ((num_nonnulls(call_id, review_item_id) = 1)),
  CONSTRAINT expected_is_due CHECK (((status = 'expected'::text) = (due_at IS NOT NULL))),
  CONSTRAINT item_has_audio CHECK (((review_item_id IS NULL) OR ((status = 'available'::text) AND (provider_recording_id IS NULL)))),
  CONSTRAINT recordings_matched_by_check CHECK ((matched_by = ANY (ARRAY['pbx_call_id'::text, 'recording_id'::text, 'number_extension_start'::text, 'number_start'::text, 'new_call'::text, 'person'::text]))),
  CONSTRAINT recordings_pkey PRIMARY KEY (id),
  CONSTRAINT recordings_provider_check CHECK ((char_length(provider) <= 100)),
  CONSTRAINT recordings_provider_recording_id_check CHECK ((char_length(provider_recording_id) <= 100)),
  CONSTRAINT recordings_status_check CHECK ((status = ANY (ARRAY['expected'::text, 'available'::text, 'missing'::text])))
);

CREATE TABLE review_items (
  id uuid NOT NULL,
  kind text NOT NULL,
  natural_key text NOT NULL,
  call_id uuid,
  reason text NOT NULL,
  candidates jsonb DEFAULT '[]'::jsonb NOT NULL,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  decided_at timestamp(3) with time zone,
  decision jsonb,
  message_id uuid,
  mail jsonb,
  CONSTRAINT about_call_or_message CHECK (((num_nonnulls(call_id, message_id) = 1) AND ((message_id IS NULL) = (mail IS NULL)) AND ((message_id IS NULL) = (kind <> 'unmatched_mail'::text)))),
  CONSTRAINT review_items_candidates_check CHECK ((jsonb_typeof(candidates) = 'array'::text)),
  CONSTRAINT review_items_check CHECK (((decision IS NULL) = (decided_at IS NULL))),
  CONSTRAINT review_items_kind_check CHECK ((kind = ANY (ARRAY['doubtful_link'::text, 'contradiction'::text, 'same_call'::text, 'unmatched_mail'::text]))),
  CONSTRAINT review_items_mail_check CHECK ((jsonb_typeof(mail) = 'object'::text)),
  CONSTRAINT review_items_natural_key_key UNIQUE (natural_key),
  CONSTRAINT review_items_pkey PRIMARY KEY (id)
);

CREATE TABLE schema_migrations (
  name text NOT NULL,
  applied_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT schema_migrations_pkey PRIMARY KEY (name)
);

CREATE TABLE service_secrets (
  name text NOT NULL,
  value text NOT NULL,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT service_secrets_pkey PRIMARY KEY (name)
);

CREATE TABLE sweep_marks (
  name text NOT NULL,
  swept_until timestamp(3) with time zone NOT NULL,
  due_at timestamp(3) with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
  CONSTRAINT sweep_marks_pkey PRIMARY KEY (name)
);

CREATE TABLE sync_runs (
  id uuid NOT NULL,
  state text DEFAULT 'waiting'::text NOT NULL,
  options jsonb NOT NULL,
  reached jsonb,
  seen bigint DEFAULT 0 NOT NULL,
  registered bigint DEFAULT 0 NOT NULL,
  before_opportunity bigint DEFAULT 0 NOT NULL,
  turned_away jsonb DEFAULT '{}'::jsonb NOT NULL,
  failed bigint DEFAULT 0 NOT NULL,
  due_at timestamp(3) with time zone,
  claimed_by uuid,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  started_at timestamp(3) with time zone,
  finished_at timestamp(3) with time zone,
  CONSTRAINT finished_at_follows CHECK (((state = ANY (ARRAY['done'::text, 'failed'::text])) = (finished_at IS NOT NULL))),
  CONSTRAINT sync_runs_options_check CHECK ((jsonb_typeof(options) = 'object'::text)),
  CONSTRAINT sync_runs_pkey PRIMARY KEY (id),
  CONSTRAINT sync_runs_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'done'::text, 'failed'::text]))),
  CONSTRAINT sync_runs_turned_away_check CHECK ((jsonb_typeof(turned_away) = 'object'::text)),
  CONSTRAINT unfinished_is_due CHECK (((state = ANY (ARRAY['done'::text, 'failed'::text])) = (due_at IS NULL)))
);

CREATE TABLE used_codes (
  code_sha256 bytea NOT NULL,
  used_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT used_codes_code_sha256_check CHECK ((octet_length(code_sha256) = 32)),
  CONSTRAINT used_codes_pkey PRIMARY KEY (code_sha256)
);

CREATE TABLE user_accounts (
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  provider_id text NOT NULL,
  account_id text NOT NULL,
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamp(3) with time zone,
  refresh_token_expires_at timestamp(3) with time zone,
  scope text,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT user_accounts_pkey PRIMARY KEY (id),
  CONSTRAINT user_accounts_user_id_provider_id_key UNIQUE (user_id, provider_id)
);

CREATE TABLE user_links (
  user_id uuid NOT NULL,
  token_sha256 bytea NOT NULL,
  kind text NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT user_links_kind_check CHECK ((kind = ANY (ARRAY['invitation'::text, 'reset'::text]))),
  CONSTRAINT user_links_pkey PRIMARY KEY (user_id),
  CONSTRAINT user_links_token_sha256_check CHECK ((octet_length(token_sha256) = 32)),
  CONSTRAINT user_links_token_sha256_key UNIQUE (token_sha256)
);

CREATE TABLE user_sessions (
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  token_sha256 text NOT NULL,
  began_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  used_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  ip_address text,
  user_agent text,
  created_at timestamp(3) with time zone NOT NULL,
  updated_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT user_sessions_pkey PRIMARY KEY (id),
  CONSTRAINT user_sessions_token_sha256_key UNIQUE (token_sha256)
);

CREATE TABLE user_two_factors (
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  secret text NOT NULL,
  backup_codes text NOT NULL,
  verified boolean DEFAULT true NOT NULL,
  failed_verification_count integer DEFAULT 0 NOT NULL,
  locked_until timestamp(3) with time zone,
  CONSTRAINT user_two_factors_pkey PRIMARY KEY (id),
  CONSTRAINT user_two_factors_user_id_key UNIQUE (user_id)
);

CREATE TABLE user_verifications (
  id uuid NOT NULL,
  identifier text NOT NULL,
  value text NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT user_verifications_pkey PRIMARY KEY (id)
);

CREATE TABLE users (
  id uuid NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  email_verified boolean DEFAULT false NOT NULL,
  image text,
  role text NOT NULL,
  two_factor_enabled boolean DEFAULT false NOT NULL,
  disabled_at timestamp(3) with time zone,
  created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT users_email_check CHECK ((email = lower(email))),
  CONSTRAINT users_email_key UNIQUE (email),
  CONSTRAINT users_pkey PRIMARY KEY (id),
  CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'manager'::text, 'agent'::text, 'viewer'::text])))
);

ALTER TABLE calls ADD CONSTRAINT calls_opportunity_id_fkey FOREIGN KEY (opportunity_id) REFERENCES lead_opportunities(id);

ALTER TABLE claims ADD CONSTRAINT claims_opportunity_id_fkey FOREIGN KEY (opportunity_id) REFERENCES lead_opportunities(id) ON DELETE CASCADE;

ALTER TABLE contacts_without_opportunity ADD CONSTRAINT contacts_without_opportunity_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id) ON DELETE CASCADE;

ALTER TABLE foreign_attempts ADD CONSTRAINT foreign_attempts_opportunity_id_fkey FOREIGN KEY (opportunity_id) REFERENCES lead_opportunities(id);

ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_owner_key_request_hash_fkey FOREIGN KEY (owner, key, request_hash) REFERENCES idempotency_requests(owner, key, request_hash);

ALTER TABLE listed_opportunities ADD CONSTRAINT listed_opportunities_opportunity_id_fkey FOREIGN KEY (opportunity_id) REFERENCES lead_opportunities(id) ON DELETE CASCADE;

ALTER TABLE recordings ADD CONSTRAINT recordings_call_id_fkey FOREIGN KEY (call_id) REFERENCES calls(id);

ALTER TABLE recordings ADD CONSTRAINT recordings_review_item_id_fkey FOREIGN KEY (review_item_id) REFERENCES review_items(id);

ALTER TABLE review_items ADD CONSTRAINT review_items_call_id_fkey FOREIGN KEY (call_id) REFERENCES calls(id);

ALTER TABLE user_accounts ADD CONSTRAINT user_accounts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE user_links ADD CONSTRAINT user_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE user_sessions ADD CONSTRAINT user_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE user_two_factors ADD CONSTRAINT user_two_factors_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

CREATE INDEX audit_by_entity ON public.audit USING btree (entity_id, id);

CREATE INDEX audit_by_id ON public.audit USING btree (id);

CREATE INDEX audit_values_by_contact ON public.audit_values USING btree (contact_id) WHERE (contact_id IS NOT NULL);

CREATE INDEX calls_by_call_status ON public.calls USING btree (lower(btrim(call_status)), happened_at, id) WHERE ((deleted_at IS NULL) AND (call_status IS NOT NULL));

CREATE INDEX calls_by_direction ON public.calls USING btree (direction, happened_at, id) WHERE ((deleted_at IS NULL) AND (direction <> 'outbound'::text));

CREATE INDEX calls_by_entity ON public.calls USING btree (entity_id, happened_at, id) WHERE ((deleted_at IS NULL) AND (entity_id IS NOT NULL));

CREATE INDEX calls_by_opportunity ON public.calls USING btree (opportunity_id, happened_at, id) WHERE (opportunity_id IS NOT NULL);

CREATE INDEX calls_by_outcome ON public.calls USING btree (outcome, happened_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX calls_by_phone_number ON public.calls USING btree (phone_number, happened_at, id) WHERE ((deleted_at IS NULL) AND (phone_number IS NOT NULL));

CREATE INDEX calls_by_provider ON public.calls USING btree (provider, happened_at, id) WHERE ((deleted_at IS NULL) AND (provider IS NOT NULL));

CREATE UNIQUE INDEX calls_by_provider_key ON public.calls USING btree (provider, provider_call_id) WHERE (provider IS NOT NULL);

CREATE INDEX calls_by_time ON public.calls USING btree (happened_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX calls_due ON public.calls USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX calls_only_by_mail ON public.calls USING btree (phone_number, happened_at) WHERE ((provider IS NULL) AND (deleted_at IS NULL) AND ((sources ->> 'call'::text) = 'email'::text));

CREATE INDEX calls_only_by_mail_by_change ON public.calls USING btree (updated_at) WHERE ((provider IS NULL) AND (deleted_at IS NULL) AND ((sources ->> 'call'::text) = 'email'::text));

CREATE INDEX calls_pending_by_entity ON public.calls USING btree (entity_id) WHERE (due_at IS NOT NULL);

CREATE INDEX calls_unheld ON public.calls USING btree (entity_id, happened_at, created_at, id) WHERE ((direction = 'outbound'::text) AND (entity_type = 'contacts'::text) AND (entity_id IS NOT NULL) AND (deleted_at IS NULL) AND (outcome <> ALL (ARRAY['registered'::text, 'pending'::text])));

CREATE INDEX calls_without_contact ON public.calls USING btree (happened_at, id) WHERE ((deleted_at IS NULL) AND (opportunity_id IS NULL) AND ((entity_id IS NULL) OR (entity_type IS DISTINCT FROM 'contacts'::text)));

CREATE INDEX calls_without_contact_by_change ON public.calls USING btree (updated_at) WHERE ((entity_id IS NULL) AND (phone_number IS NOT NULL) AND (deleted_at IS NULL) AND (NOT (sources ?| ARRAY['entity_type'::text, 'entity_id'::text])) AND (sources @? '$.*?(@ != "person")'::jsonpath));

CREATE INDEX calls_without_contact_by_number ON public.calls USING btree (phone_number) WHERE ((entity_id IS NULL) AND (phone_number IS NOT NULL) AND (deleted_at IS NULL) AND (NOT (sources ?| ARRAY['entity_type'::text, 'entity_id'::text])) AND (sources @? '$.*?(@ != "person")'::jsonpath));

CREATE INDEX calls_without_result ON public.calls USING btree (happened_at) WHERE ((provider = 'zadarma'::text) AND (call_status IS NULL) AND (deleted_at IS NULL));

CREATE INDEX claims_by_owner ON public.claims USING btree (owner);

CREATE INDEX contacts_by_created_at ON public.contacts USING btree (created_at, id);

CREATE INDEX contacts_by_phone ON public.contacts USING gin (phones);

CREATE INDEX contacts_by_search_text ON public.contacts USING gin (search_text gin_trgm_ops);

CREATE INDEX contacts_by_updated_at ON public.contacts USING btree (updated_at);

CREATE INDEX dial_requests_open ON public.dial_requests USING btree (phone_number, created_at) WHERE (call_id IS NULL);

CREATE INDEX erasures_due ON public.erasures USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX foreign_attempts_by_call_uuid ON public.foreign_attempts USING btree (call_uuid) WHERE (call_uuid IS NOT NULL);

CREATE INDEX foreign_attempts_by_created_at ON public.foreign_attempts USING btree (created_at) WHERE (call_uuid IS NOT NULL);

CREATE INDEX foreign_attempts_by_opportunity ON public.foreign_attempts USING btree (opportunity_id);

CREATE INDEX idempotency_keys_by_created_at ON public.idempotency_keys USING btree (created_at);

CREATE INDEX idempotency_requests_by_created_at ON public.idempotency_requests USING btree (created_at);

CREATE UNIQUE INDEX inbox_by_natural_key ON public.inbox USING btree (natural_key) WHERE (natural_key IS NOT NULL);

CREATE INDEX inbox_due ON public.inbox USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX lead_opportunities_by_assigned_to ON public.lead_opportunities USING btree (assigned_to, created_at, id);

CREATE INDEX lead_opportunities_by_contact ON public.lead_opportunities USING btree (contact_id);

CREATE INDEX lead_opportunities_by_created_at ON public.lead_opportunities USING btree (created_at, id);

CREATE INDEX lead_opportunities_by_search_text ON public.lead_opportunities USING gin (((title_search_text || contact_search_text)) gin_trgm_ops);

CREATE INDEX lead_opportunities_by_source ON public.lead_opportunities USING btree (source, created_at, id);

CREATE INDEX listed_opportunities_by_last_attempt ON public.listed_opportunities USING btree (last_attempt_at, opportunity_id) INCLUDE (assigned_to, source, search_text);

CREATE INDEX listed_opportunities_by_last_status ON public.listed_opportunities USING btree (last_status, created_at, opportunity_id) WHERE (last_status = ANY (ARRAY['green'::text, 'red'::text]));

CREATE INDEX listed_opportunities_by_last_status_and_attempt ON public.listed_opportunities USING btree (last_status, last_attempt_at, opportunity_id) WHERE (last_status = ANY (ARRAY['green'::text, 'red'::text]));

CREATE INDEX listed_opportunities_by_status ON public.listed_opportunities USING btree (status, created_at, opportunity_id);

CREATE INDEX listed_opportunities_by_status_and_last_attempt ON public.listed_opportunities USING btree (status, last_attempt_at, opportunity_id);

CREATE INDEX listed_opportunities_completed ON public.listed_opportunities USING btree (created_at, opportunity_id) WHERE first_call_completed;

CREATE INDEX listed_opportunities_completed_by_last_attempt ON public.listed_opportunities USING btree (last_attempt_at, opportunity_id) WHERE first_call_completed;

CREATE INDEX listed_opportunities_full_by_last_attempt ON public.listed_opportunities USING btree (last_attempt_at, opportunity_id) WHERE (attempts_made = 5);

CREATE INDEX listed_opportunities_tried ON public.listed_opportunities USING btree (attempts_made, last_attempt_at, opportunity_id) WHERE ((attempts_made = ANY (ARRAY[1, 2, 3, 4])) AND (status = ANY (ARRAY['pending'::text, 'assigned'::text, 'contacted'::text])) AND (NOT first_call_completed));

CREATE INDEX listed_opportunities_tried_of_agent ON public.listed_opportunities USING btree (assigned_to, attempts_made, last_attempt_at, opportunity_id) WHERE ((attempts_made = ANY (ARRAY[1, 2, 3, 4])) AND (status = ANY (ARRAY['pending'::text, 'assigned'::text, 'contacted'::text])) AND (NOT first_call_completed));

CREATE INDEX listed_opportunities_untried ON public.listed_opportunities USING btree (created_at DESC, opportunity_id) WHERE ((attempts_made = 0) AND (status = ANY (ARRAY['pending'::text, 'assigned'::text, 'contacted'::text])) AND (NOT first_call_completed));

CREATE INDEX listed_opportunities_untried_of_agent ON public.listed_opportunities USING btree (assigned_to, created_at DESC, opportunity_id) WHERE ((attempts_made = 0) AND (status = ANY (ARRAY['pending'::text, 'assigned'::text, 'contacted'::text])) AND (NOT first_call_completed));

CREATE INDEX listed_opportunities_untried_or_full ON public.listed_opportunities USING btree (attempts_made, created_at, opportunity_id) WHERE (attempts_made = ANY (ARRAY[0, 5]));

CREATE INDEX recordings_available ON public.recordings USING btree (created_at) WHERE (status = 'available'::text);

CREATE INDEX recordings_by_call ON public.recordings USING btree (call_id);

CREATE INDEX recordings_by_file_name ON public.recordings USING btree (file_name) WHERE (file_name IS NOT NULL);

CREATE UNIQUE INDEX recordings_by_provider_id ON public.recordings USING btree (provider, provider_recording_id) WHERE (provider_recording_id IS NOT NULL);

CREATE INDEX recordings_by_review_item ON public.recordings USING btree (review_item_id) WHERE (review_item_id IS NOT NULL);

CREATE INDEX recordings_due ON public.recordings USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX review_items_by_call ON public.review_items USING btree (call_id);

CREATE INDEX review_items_open ON public.review_items USING btree (created_at, id) WHERE (decided_at IS NULL);

CREATE INDEX sync_runs_due ON public.sync_runs USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX user_sessions_by_user ON public.user_sessions USING btree (user_id);

CREATE INDEX user_verifications_by_identifier ON public.user_verifications USING btree (identifier);

CREATE TRIGGER refuse_change_of_audit BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();

CREATE TRIGGER copy_search_text_to_opportunities AFTER INSERT OR UPDATE OF search_text ON public.contacts FOR EACH ROW EXECUTE FUNCTION copy_search_text_to_opportunities();

CREATE TRIGGER note_new_contact AFTER INSERT ON public.contacts FOR EACH ROW EXECUTE FUNCTION note_new_contact();

CREATE TRIGGER copy_search_text_of_contact BEFORE INSERT OR UPDATE OF contact_id ON public.lead_opportunities FOR EACH ROW EXECUTE FUNCTION copy_search_text_of_contact();

CREATE TRIGGER list_changed_opportunities AFTER UPDATE ON public.lead_opportunities REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION list_changed_opportunities();

CREATE TRIGGER list_new_opportunities AFTER INSERT ON public.lead_opportunities REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION list_new_opportunities();

CREATE TRIGGER note_first_opportunities AFTER INSERT ON public.lead_opportunities REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION note_first_opportunities();

CREATE TRIGGER note_last_opportunity AFTER DELETE ON public.lead_opportunities FOR EACH ROW EXECUTE FUNCTION note_last_opportunity();
