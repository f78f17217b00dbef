-- What it takes to remove a person: who was erased, and that whatever comes again of an erased call brings nothing back.

-- A row is there before anything is removed, and stays: nothing comes back under the contact's id.
create table erasures (
  contact_id uuid primary key,
  asked_at timestamptz(3) not null,
  who text not null,
  request_id text,
  -- The person's names, numbers and addresses, by which traces are found; null once none is left.
  sought jsonb check (jsonb_typeof(sought) = 'object'),
  -- When it is gone on with, or looked at once more; null once it is over.
  due_at timestamptz(3),
  tries integer not null default 0,
  cleaned_at timestamptz(3),
  done_at timestamptz(3),
  constraint sought_until_cleaned check ((sought is null) = (cleaned_at is not null)),
  constraint due_until_done check ((due_at is null) = (done_at is not null)),
  constraint cleaned_before_done check (done_at is null or cleaned_at is not null)
);
create index erasures_due on erasures (due_at) where due_at is not null;

-- What told of a person is gone, and stays so; the call counts as ever.
alter table calls add column erased_at timestamptz(3);

-- The content of a message is gone; its row knows the same message again.
alter table inbox add column emptied_at timestamptz(3);

-- A natural key may have an address in it.
create function erased_key(natural_key text) returns text language sql immutable parallel safe as $$
  select case when natural_key like 'erased:%' then natural_key
    else 'erased:' || encode(sha256(convert_to(natural_key, 'UTF8')), 'hex') end
$$;

-- What is old is removed once a day, by one server.
insert into sweep_marks (name, swept_until) values ('retention', now());
create index recordings_available on recordings (created_at) where status = 'available';
