-- People who log in: who they are, how they prove it, their sessions; and the links by which they set a password.
-- The columns are those that better-auth reads and writes, and a few of ours.

create table users (
  id uuid primary key,
  name text not null,
  email text not null unique check (email = lower(email)),
  email_verified boolean not null default false,
  image text,
  role text not null check (role in ('admin', 'manager', 'agent', 'viewer')),
  two_factor_enabled boolean not null default false,
  -- Null: may log in.
  disabled_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);

create table user_sessions (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  -- Of what the cookie holds: who reads this table can be nobody by it.
  token_sha256 text not null unique,
  -- By the database's clock, and what counts: 12 hours after the last use and 30 days after the log-in it is over.
  began_at timestamptz(3) not null default now(),
  used_at timestamptz(3) not null default now(),
  -- By the clock of the server where the log-in was; better-auth's own.
  expires_at timestamptz(3) not null,
  ip_address text,
  user_agent text,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null
);
create index user_sessions_by_user on user_sessions (user_id);

create table user_accounts (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  -- 'credential' is a password; there is no other kind yet.
  provider_id text not null,
  account_id text not null,
  -- Salted and hashed by scrypt.
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz(3),
  refresh_token_expires_at timestamptz(3),
  scope text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (user_id, provider_id)
);

-- A log-in that still waits for its second factor. The identifier is a hash.
create table user_verifications (
  id uuid primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index user_verifications_by_identifier on user_verifications (identifier);

create table user_two_factors (
  id uuid primary key,
  user_id uuid not null unique references users on delete cascade,
  -- Both encrypted with the service's secret.
  secret text not null,
  backup_codes text not null,
  verified boolean not null default true,
  failed_verification_count integer not null default 0,
  locked_until timestamptz(3)
);

-- By the one who holds it a password is set, once. A person has one link at most: the newest.
create table user_links (
  user_id uuid primary key references users on delete cascade,
  token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),
  kind text not null check (kind in ('invitation', 'reset')),
  expires_at timestamptz(3) not null
);

-- How often a password was tried lately: for one account, and from one address. Keys are hashes.
create table log_in_tries (
  key bytea primary key check (octet_length(key) = 32),
  tries integer not null,
  since timestamptz(3) not null default now()
);

-- From where somebody has logged in lately: strangers' tries do not count there. Keys are hashes.
create table known_networks (
  key bytea primary key check (octet_length(key) = 32),
  seen_at timestamptz(3) not null default now()
);

-- A code of an authenticator is good once.
create table used_codes (
  code_sha256 bytea primary key check (octet_length(code_sha256) = 32),
  used_at timestamptz(3) not null default now()
);

-- Secrets that the service makes for itself where its environment gives none.
create table service_secrets (
  name text primary key,
  value text not null,
  created_at timestamptz(3) not null default now()
);
