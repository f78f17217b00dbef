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
