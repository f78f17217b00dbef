-- The history sync (B16): what it has still to look at, and how far its runs have come.

-- Eligible calls that no attempt holds, contact by contact, each contact's in the order of their time.
create index calls_unheld on calls (entity_id, happened_at, created_at, id)
  where direction = 'outbound' and entity_type = 'contacts' and entity_id is not null and deleted_at is null
    and outcome not in ('registered', 'pending');

create table sync_runs (
  id uuid primary key,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
  options jsonb not null check (jsonb_typeof(options) = 'object'),
  -- Up to this call everything has been decided: the contact, and the call's place within it.
  reached jsonb,
  seen bigint not null default 0,
  registered bigint not null default 0,
  before_opportunity bigint not null default 0,
  turned_away jsonb not null default '{}' check (jsonb_typeof(turned_away) = 'object'),
  failed bigint not null default 0,
  -- When somebody may take it up: at the end of the lease of who works on it, never by itself where it is infinity.
  due_at timestamptz(3),
  claimed_by uuid,
  created_at timestamptz(3) not null default now(),
  started_at timestamptz(3),
  finished_at timestamptz(3),
  constraint unfinished_is_due check ((state in ('done', 'failed')) = (due_at is null)),
  constraint finished_at_follows check ((state in ('done', 'failed')) = (finished_at is not null))
);
create index sync_runs_due on sync_runs (due_at) where due_at is not null;
