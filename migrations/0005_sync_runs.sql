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

-- The same check as before, in two thirds of the time, which is a fifth of what a new attempt costs its opportunity: one
-- expression for each attempt, the shape of a time without a regular expression, and no query within.
create or replace function first_call_attempts_are_sound(attempts jsonb) returns boolean
  language plpgsql immutable parallel safe as $$
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
$$;
