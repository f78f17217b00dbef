import type { ColumnType, Generated } from 'kysely'
import type { FirstCallAttempt } from '../attempts/attempt.ts'
import type { Role } from '../auth/caller.ts'
import type { CallFields, Link, Outcome, Recording, Sources } from '../calls/call.ts'
import type { Doubt, KeptMail, ReviewDecision } from '../review/item.ts'
import type { Instant } from '../time.ts'

/** Read as milliseconds, written as ISO 8601. */
type Time = ColumnType<Instant, string, string>
type TimeOrNull = ColumnType<Instant | null, string | null, string | null>

type CallColumns = {
  [Field in keyof CallFields]: CallFields[Field] extends Instant | null
    ? Field extends 'duration_seconds'
      ? number | null
      : TimeOrNull
    : CallFields[Field]
}

export interface CallsTable extends CallColumns {
  id: string
  provider: string | null
  provider_call_id: string | null
  sources: Sources
  link: Link | null
  outcome: Outcome
  opportunity_id: string | null
  pending_since: TimeOrNull
  due_at: TimeOrNull
  tries: number
  is_counted: boolean
  revision: number
  created_at: Time
  updated_at: Time
  deleted_at: TimeOrNull
  /** What told of a person is gone, and stays so. */
  erased_at: TimeOrNull
  happened_at: ColumnType<Instant, never, never>
}

interface LeadOpportunitiesTable {
  id: string
  contact_id: string
  title: string | null
  title_search_text: string
  contact_search_text: ColumnType<string, never, never>
  status: string
  assigned_to: string | null
  source: string | null
  first_call_attempts: Record<string, FirstCallAttempt>
  first_call_completed: boolean
  first_call_successful_attempt: number | null
  last_contact_attempt_at: TimeOrNull
  completed_elsewhere: boolean
  attempt_call_created_at: ColumnType<(Instant | null)[], never, never>
  attempts_made: ColumnType<number, never, never>
  last_status: ColumnType<string | null, never, never>
  revision: number
  created_at: Time
  updated_at: Time
}

/** Kept by triggers. */
interface ListedOpportunitiesTable {
  opportunity_id: string
  created_at: Time
  status: string
  assigned_to: string | null
  source: string | null
  first_call_completed: boolean
  attempts_made: number
  last_status: string | null
  /** Never tried: `-infinity`. */
  last_attempt_at: Time
  /** Null where it is too long for an index: then it is looked up. */
  search_text: string | null
}

interface ContactsTable {
  id: string
  name: string
  phones: string[]
  email: string | null
  timezone: string | null
  opt_out: boolean
  search_text: string
  revision: Generated<number>
  created_at: Time
  updated_at: Time
}

interface InboxTable {
  id: string
  door: 'zadarma' | 'mail'
  natural_key: string | null
  received_at: Time
  headers: ColumnType<Record<string, string>, string, string>
  body: Buffer
  event: string
  result: 'call' | 'kept' | null
  reason: string | null
  call_id: string | null
  handled_at: TimeOrNull
  due_at: TimeOrNull
  tries: Generated<number>
  fault: string | null
  /** In the folder of mails; null where the message is in `body`. */
  file_name: string | null
  /** Its content is gone. */
  emptied_at: TimeOrNull
}

interface RecordingsTable {
  id: string
  /** Null where it belongs to an item of the review list. */
  call_id: string | null
  review_item_id: string | null
  matched_by: Recording['matched_by']
  provider: string
  provider_recording_id: string | null
  status: Recording['status']
  due_at: TimeOrNull
  tries: Generated<number>
  fault: string | null
  /** In the folder of recordings. */
  file_name: string | null
  content_type: string | null
  size_bytes: number | null
  sha256: Buffer | null
  created_at: Time
  updated_at: Time
}

interface ReviewItemsTable {
  id: string
  kind: Doubt['kind']
  natural_key: string
  /** Null where it is about a message. */
  call_id: string | null
  message_id: string | null
  mail: ColumnType<KeptMail | null, string | null, never>
  reason: string
  candidates: ColumnType<Doubt['candidates'], string, never>
  created_at: Time
  decided_at: TimeOrNull
  decision: ColumnType<ReviewDecision | null, string | null, string | null>
}

interface DialRequestsTable {
  id: string
  contact_id: string
  extension: string
  phone_number: string
  created_at: Generated<Instant>
  /** Null until the PBX has told of the call. */
  call_id: string | null
  /** What was said of it before that. */
  written_call_id: Generated<string | null>
}

/** The erasing of contacts; its queries are SQL. */
interface ErasuresTable {
  contact_id: string
  asked_at: Time
  cleaned_at: TimeOrNull
}

/** How far a mailbox's folder has been read. */
interface MailboxesTable {
  id: string
  uid_validity: number | null
  last_uid: number
  claimed_until: Time
  claimed_by: string | null
  updated_at: Time
}

/** The history sync; its queries are SQL. */
interface SyncRunsTable {
  id: string
  state: 'waiting' | 'running' | 'done' | 'failed'
  due_at: TimeOrNull
}

interface AuditTable {
  id: Generated<number>
  at: Time
  who: string
  request_id: string | null
  action: string
  entity_id: string
  before: ColumnType<Record<string, unknown> | null, string | null, never>
  after: ColumnType<Record<string, unknown> | null, string | null, never>
  personal_fields: string | null
}

interface AuditValuesTable {
  audit_id: number
  contact_id: string | null
  call_id: string | null
  before: ColumnType<Record<string, unknown> | null, string | null, string | null>
  after: ColumnType<Record<string, unknown> | null, string | null, string | null>
}

interface ApiKeysTable {
  id: string
  /** Null of keys that were made before keys had one. */
  short_id: string | null
  name: string
  role: Role
  user_id: string | null
  key_sha256: Buffer
  created_at: Generated<Instant>
  expires_at: TimeOrNull
  last_used_at: TimeOrNull
  revoked_at: TimeOrNull
}

interface UsersTable {
  id: string
  name: string
  /** In lower case. */
  email: string
  email_verified: Generated<boolean>
  role: Role
  two_factor_enabled: Generated<boolean>
  disabled_at: TimeOrNull
  created_at: Generated<Instant>
  updated_at: ColumnType<Instant, never, string>
}

interface UserAccountsTable {
  id: string
  user_id: string
  provider_id: string
  account_id: string
  password: string | null
  updated_at: ColumnType<Instant, never, string>
}

interface UserLinksTable {
  user_id: string
  token_sha256: Buffer
  kind: 'invitation' | 'reset'
  expires_at: Time
}

/** The tables as queries see them; `migrations/` is what makes them. */
export interface Tables {
  calls: CallsTable
  lead_opportunities: LeadOpportunitiesTable
  listed_opportunities: ListedOpportunitiesTable
  foreign_attempts: { call_id: string; opportunity_id: string; call_uuid: ColumnType<string | null, never, never> }
  contacts: ContactsTable
  idempotency_requests: { owner: string; key: string; request_hash: string; created_at: Generated<Instant> }
  idempotency_keys: {
    owner: string
    key: string
    place: number
    request_hash: string
    answer: string
    created_at: Generated<Instant>
  }
  api_keys: ApiKeysTable
  audit: AuditTable
  audit_values: AuditValuesTable
  contacts_without_opportunity: { contact_id: string }
  erasures: ErasuresTable
  inbox: InboxTable
  recordings: RecordingsTable
  review_items: ReviewItemsTable
  dial_requests: DialRequestsTable
  claims: { opportunity_id: string; owner: string; name: string; claimed_until: Time; desk: Generated<string> }
  mailboxes: MailboxesTable
  sync_runs: SyncRunsTable
  sweep_marks: { name: string; swept_until: Time; due_at: ColumnType<Instant, string | undefined, string> }
  users: UsersTable
  user_accounts: UserAccountsTable
  user_sessions: { id: string; user_id: string; token_sha256: string }
  user_two_factors: { id: string; user_id: string }
  user_links: UserLinksTable
  service_secrets: { name: string; value: string; created_at: Generated<Instant> }
  schema_migrations: { name: string; applied_at: Generated<Instant> }
}
