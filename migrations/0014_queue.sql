-- Whom to call next: what the queue's order is found by, and who has taken whom.

-- Never tried, the newest first; then by fewest attempts and longest wait. Everybody's, and one agent's (or nobody's).
create index listed_opportunities_untried on listed_opportunities (created_at desc, opportunity_id)
  where attempts_made = 0 and status in ('pending', 'assigned', 'contacted') and not first_call_completed;
create index listed_opportunities_untried_of_agent on listed_opportunities (assigned_to, created_at desc, opportunity_id)
  where attempts_made = 0 and status in ('pending', 'assigned', 'contacted') and not first_call_completed;
create index listed_opportunities_tried on listed_opportunities (attempts_made, last_attempt_at, opportunity_id)
  where attempts_made in (1, 2, 3, 4) and status in ('pending', 'assigned', 'contacted') and not first_call_completed;
create index listed_opportunities_tried_of_agent on listed_opportunities
  (assigned_to, attempts_made, last_attempt_at, opportunity_id)
  where attempts_made in (1, 2, 3, 4) and status in ('pending', 'assigned', 'contacted') and not first_call_completed;

-- One lead is called by one at a time. Over by the database's clock.
create table claims (
  opportunity_id uuid primary key references lead_opportunities on delete cascade,
  -- Who asked: a key's id, `user:<id>` or `bootstrap`; and how others read it.
  owner text not null,
  name text not null,
  claimed_until timestamptz(3) not null
);
create index claims_by_owner on claims (owner);
