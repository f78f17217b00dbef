-- What the doors bring that nobody typed: raw messages, why a call was linked to its contact, recordings, what a person
-- has to decide, and who was asked to be called.

-- Why a machine linked the call to its contact: {how, candidates}.
alter table calls add column link jsonb check (jsonb_typeof(link) = 'object');

-- Calls that a machine reported, whose number nobody has and about whose contact no person has said a word (B10).
create index calls_without_contact_by_number on calls (phone_number) where entity_id is null and phone_number is not null and deleted_at is null
  and not sources ?| array['entity_type', 'entity_id'] and sources @? '$.* ? (@ != "person")';
create index calls_without_contact_by_change on calls (updated_at) where entity_id is null and phone_number is not null and deleted_at is null
  and not sources ?| array['entity_type', 'entity_id'] and sources @? '$.* ? (@ != "person")';
create index contacts_by_updated_at on contacts (updated_at);

-- Raw messages, as they came. The row is there before the sender is answered (R11).
create table inbox (
  -- Of version 7, and so in the order in which they came.
  id uuid primary key,
  door text not null check (door in ('zadarma', 'mail')),
  -- What makes a message the same as another; null where repeats are harmless.
  natural_key text,
  received_at timestamptz(3) not null,
  headers jsonb not null default '{}',
  body bytea not null,
  -- What it calls itself: the event of a notification.
  event text not null check (char_length(event) <= 100),
  -- What became of it: a call's news, or nothing that concerns a call, and why.
  result text check (result in ('call', 'kept')),
  reason text,
  call_id uuid,
  handled_at timestamptz(3),
  -- When it is tried next, how often it was, and what went wrong last.
  due_at timestamptz(3),
  tries integer not null default 0,
  fault text,
  constraint unhandled_is_due check ((handled_at is null) = (due_at is not null) and (handled_at is null) = (result is null))
);
create index inbox_due on inbox (due_at) where due_at is not null;
create unique index inbox_by_natural_key on inbox (natural_key) where natural_key is not null;

create table recordings (
  id uuid primary key,
  call_id uuid not null references calls,
  provider text not null check (char_length(provider) <= 100),
  -- Null while the provider has said only that there is one.
  provider_recording_id text check (char_length(provider_recording_id) <= 100),
  status text not null default 'expected' check (status in ('expected', 'available', 'missing')),
  due_at timestamptz(3),
  tries integer not null default 0,
  fault text,
  -- In the folder of recordings.
  file_name text,
  content_type text,
  size_bytes bigint,
  sha256 bytea,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint expected_is_due check ((status = 'expected') = (due_at is not null)),
  constraint available_has_file check (
    (status = 'available') = (num_nonnulls(file_name, content_type, size_bytes, sha256) = 4))
);
-- B17
create unique index recordings_by_provider_id on recordings (provider, provider_recording_id)
  where provider_recording_id is not null;
create index recordings_by_call on recordings (call_id);
create index recordings_due on recordings (due_at) where due_at is not null;

-- What a machine could not decide.
create table review_items (
  id uuid primary key,
  kind text not null check (kind in ('doubtful_link', 'contradiction', 'same_call')),
  -- The same doubt is told once.
  natural_key text not null unique,
  call_id uuid not null references calls,
  reason text not null,
  candidates jsonb not null default '[]' check (jsonb_typeof(candidates) = 'array'),
  created_at timestamptz(3) not null default now(),
  decided_at timestamptz(3),
  decision jsonb check ((decision is null) = (decided_at is null))
);
create index review_items_open on review_items (created_at, id) where decided_at is null;
create index review_items_by_call on review_items (call_id);

-- An agent asked to be put through to a contact; the first call to it that the PBX tells of takes the contact.
create table dial_requests (
  id uuid primary key,
  contact_id uuid not null,
  extension text not null check (char_length(extension) <= 40),
  phone_number text not null check (char_length(phone_number) <= 60),
  created_at timestamptz(3) not null default now(),
  call_id uuid
);
create index dial_requests_open on dial_requests (phone_number, created_at) where call_id is null;

-- Calls that began and never ended, as far as anybody has told.
create index calls_without_result on calls (happened_at)
  where provider = 'zadarma' and call_status is null and deleted_at is null;

-- When the next sweep is due. Whoever begins one moves it, and so claims it for a while.
alter table sweep_marks add column due_at timestamptz(3) not null default '-infinity';
insert into sweep_marks (name, swept_until) values ('contacts', now()), ('statistics', now()), ('results', now());
