-- What recording e-mails bring: large messages in files, audio that belongs to no call yet, what a person is to decide of
-- a message, and how far each mailbox has been read.

-- In the folder of mails; null where the message is in `body`.
alter table inbox add column file_name text;

-- Audio of a message of which a person is to decide belongs to that item until it belongs to a call.
alter table recordings
  alter column call_id drop not null,
  add column review_item_id uuid references review_items,
  -- How a message found the call of its audio; null where nobody mailed it.
  add column matched_by text check (matched_by in (
    'pbx_call_id', 'recording_id', 'number_extension_start', 'number_start', 'new_call', 'person')),
  add constraint belongs_to_one check (num_nonnulls(call_id, review_item_id) = 1),
  -- Its name waits in the item: two messages may bring the same audio.
  add constraint item_has_audio check (review_item_id is null or status = 'available' and provider_recording_id is null);
create index recordings_by_review_item on recordings (review_item_id) where review_item_id is not null;
-- Whose a file is: a message that is handled again finds where its audio went.
create index recordings_by_file_name on recordings (file_name) where file_name is not null;

alter table review_items
  drop constraint review_items_kind_check,
  add constraint review_items_kind_check check (
    kind in ('doubtful_link', 'contradiction', 'same_call', 'unmatched_mail')),
  alter column call_id drop not null,
  -- No foreign key: the message is forgotten after a while.
  add column message_id uuid,
  -- What the message tells, with where it was found in it, and what its audio is called.
  add column mail jsonb check (jsonb_typeof(mail) = 'object'),
  add constraint about_call_or_message check (
    num_nonnulls(call_id, message_id) = 1 and (message_id is null) = (mail is null)
    and (message_id is null) = (kind <> 'unmatched_mail'));

-- B17: calls that are known only by an e-mail. There are few: each joins what the PBX tells of it.
create index calls_only_by_mail on calls (phone_number, happened_at)
  where provider is null and deleted_at is null and sources ->> 'call' = 'email';
create index calls_only_by_mail_by_change on calls (updated_at)
  where provider is null and deleted_at is null and sources ->> 'call' = 'email';

-- How far each mailbox was read, and which server reads it.
create table mailboxes (
  -- Of user, host and folder.
  id text primary key,
  -- What the server calls this counting of its messages; another one makes last_uid meaningless.
  uid_validity bigint,
  last_uid bigint not null default 0,
  -- Until then no other server reads it.
  claimed_until timestamptz(3) not null default '-infinity',
  claimed_by uuid,
  updated_at timestamptz(3) not null default now()
);

insert into sweep_marks (name, swept_until) values ('mails', now());
