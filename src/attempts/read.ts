import type pg from 'pg'
import type { Trace } from '../calls/doubts.ts'
import type { DialRequest } from '../calls/link.ts'
import { RECORDINGS_OF } from '../calls/recordings.ts'
import type { ReviewDecision } from '../review/item.ts'
import type { Instant } from '../time.ts'
import { formatInstant } from './attempt.ts'
import { type Answer, type AnswerKey, Book } from './book.ts'
import {
  callFromRow,
  type OpportunityRow,
  opportunityFromRow,
  type ReadCallRow,
  type UnheldRow,
  unheldFromRow,
} from './rows.ts'

/** What a batch has to know before it can be decided. */
export interface Needs {
  /** Contacts of new calls, and of changed opportunities. */
  contactIds: readonly string[]
  /** Calls that may exist, by id. */
  callIds: readonly string[]
  /** Calls that may exist, by the provider's key. */
  providerKeys: readonly { provider: string; provider_call_id: string }[]
  /** Texts that may be the `call_id` of a foreign attempt of another opportunity (B7). */
  foreignCallIds: readonly string[]
  opportunityIds: readonly string[]
  answerKeys: readonly AnswerKey[]
  /** Whether contacts are looked for by number: by those below, and by those of the calls named. */
  byNumber: boolean
  /** Numbers whose contacts a machine looks for, and when the call began: another at that moment may be the same. */
  numbers: readonly { phone_number: string; started_at: Instant | null }[]
  /** The provider's names of recordings that a call may have. */
  recordings: readonly { provider: string; provider_recording_id: string }[]
  /** Numbers and starts around which calls are looked for that an e-mail may be about. */
  near: readonly { phone_number: string; started_at: Instant; withinMs: number }[]
  /** Names of files that a recording may have. */
  files: readonly string[]
  /** Of what a person is to decide. */
  reviewItemIds: readonly string[]
  /** Requests to be put through, of whose call somebody says how it went. */
  dialRequestIds: readonly string[]
  /**
   * Of calls that no attempt holds (B16): nothing but what is decided of them will be written, and nothing else of them is
   * read as far as that will do.
   */
  isHistory: boolean
}

export const NO_NEEDS: Needs = {
  contactIds: [],
  callIds: [],
  providerKeys: [],
  foreignCallIds: [],
  opportunityIds: [],
  answerKeys: [],
  byNumber: false,
  numbers: [],
  recordings: [],
  near: [],
  files: [],
  reviewItemIds: [],
  dialRequestIds: [],
  isHistory: false,
}

const OPPORTUNITY_COLUMNS = `
  id, contact_id, title, status, assigned_to, source, first_call_attempts, completed_elsewhere,
  attempt_call_created_at, revision, created_at, updated_at`

const CALL_COLUMNS = `
  id, entity_type, entity_id, direction, call_status, call_result, resumen_llamada, phone_number, extension,
  started_at, answered_at, ended_at, duration_seconds, provider, provider_call_id, sources, link, outcome,
  opportunity_id, pending_since, tries, is_counted, revision, created_at, updated_at, erased_at is not null as is_erased,
  ${RECORDINGS_OF('c.id')} as recordings`

/** Nobody chooses among more. */
const CONTACTS_AT_MOST = 100
/** An e-mail that may be about more tells nothing. */
const NEAR_AT_MOST = 100
/** Itself and the first one: whoever sends one signature again and again makes one more item each time, not n. */
const SAME_MOMENT_AT_MOST = 2

/** Eligible (A1), and neither an attempt nor the sweep's; the words are those of the index `calls_unheld`. */
export const UNHELD = `direction = 'outbound' and entity_type = 'contacts' and entity_id is not null and deleted_at is null
  and outcome not in ('registered', 'pending')`

const ACTIVE = `status in ('pending', 'assigned', 'contacted')`

/**
 * A row where we have such a contact or an opportunity of it (B18). As a condition, PostgreSQL might read the whole table
 * once instead of looking the few up.
 */
const IS_KNOWN = (contactId: string): string => `
  select from contacts where contacts.id = ${contactId}
  union all select from lead_opportunities where contact_id = ${contactId}
  limit 1`

/** What is left of deleted calls (B5). */
const STONES = `
  (select json_agg(json_build_object('id', id, 'provider', provider, 'provider_call_id', provider_call_id,
     'isErased', erased_at is not null))
   from named where deleted_at is not null) as stones`

const NOW = `floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now`

const ANSWERS = `
  (select json_agg(json_build_object(
     'owner', owner, 'key', key, 'place', place, 'requestHash', requests.request_hash, 'answer', answer))
   from unnest($2::text[], $3::text[], $4::int[]) as asked (owner, key, place)
     join idempotency_requests requests using (owner, key)
     left join idempotency_keys using (owner, key, place)) as answers`

/** For calls that are new for certain: their contacts' active opportunities, and whether anything makes it less simple. */
const readNew = (answers: string): string => `
with active as materialized (
  select ${OPPORTUNITY_COLUMNS} from lead_opportunities where contact_id = any($1::uuid[]) and ${ACTIVE}
)
select ${NOW},
  (select json_agg(active) from active) as opportunities,
  (select json_agg(id) from unnest($1::uuid[]) as asked (id) cross join lateral (${IS_KNOWN('asked.id')}) as known
   where id not in (select contact_id from active)) as "knownContactIds",
  exists (select from calls where due_at is not null and entity_id = any($1::uuid[])) as "hasPending"${answers}`

const READ_NEW = readNew('')
const READ_NEW_WITH_ANSWERS = readNew(`, ${ANSWERS}`)

/** What a statement asks for beside the rest: before the calls that it names, and after them. */
interface Besides {
  before: string
  /** Adds to the ids of the calls that it names. */
  named: string
  after: string
  /** Adds to the contacts that it asks for. */
  asked: string
  columns: string
}
const DIAL_REQUEST_COLUMNS = 'id, contact_id, extension, phone_number, created_at, call_id, written_call_id'

const NOTHING_BESIDES: Besides = { before: '', named: '', after: '', asked: '', columns: '' }

/**
 * For machines, what may be the same call or its recording, and for persons, whether something was decided before. Its
 * parameters, from one on: numbers and starts; providers and their names of recordings; numbers and starts of
 * e-mails, and how many seconds may be between; names of files; items of the review list.
 *
 * Calls that are known only by an e-mail have an index of their own, which is nearly always empty (B17).
 */
const sameCalls = (first: number): Besides => ({
  before: `given_starts as materialized (
  select * from unnest($${first}::text[], $${first + 1}::timestamptz[]) as given (phone_number, started_at)
), same_moment as materialized (
  select calls.id, calls.phone_number, extension, calls.started_at
  from given_starts given
    cross join lateral (
      select * from calls
      where calls.phone_number = given.phone_number and happened_at = given.started_at
        and deleted_at is null and provider is not null
      order by id limit ${SAME_MOMENT_AT_MOST}) as calls
), known_recordings as materialized (
  select recordings.provider, recordings.provider_recording_id, call_id, deleted_at is not null as "isDeleted"
  from unnest($${first + 2}::text[], $${first + 3}::text[]) as given (provider, provider_recording_id)
    join recordings using (provider, provider_recording_id) join calls on calls.id = call_id
), known_files as materialized (
  select file_name, call_id, deleted_at is not null as "isDeleted"
  from unnest($${first + 7}::text[]) as given (file_name)
    join recordings using (file_name) left join calls on calls.id = call_id
), `,
  named: `
  union
  select calls.id from given_starts given join calls on calls.phone_number = given.phone_number
    and happened_at between given.started_at - interval '1 minute' and given.started_at + interval '1 minute'
    and provider is null and deleted_at is null and sources ->> 'call' = 'email'
  union select call_id from known_recordings
  union select call_id from known_files
  union
  select calls.id from unnest($${first + 4}::text[], $${first + 5}::timestamptz[], $${first + 6}::float8[])
      as given (phone_number, started_at, seconds)
    cross join lateral (
      select id from calls
      where calls.phone_number = given.phone_number and deleted_at is null
        and happened_at between given.started_at - seconds * interval '1 second'
          and given.started_at + seconds * interval '1 second'
      order by happened_at limit ${NEAR_AT_MOST}) as calls`,
  after: '',
  asked: '',
  columns: `
  (select json_agg(same_moment) from same_moment) as "sameMoment",
  (select json_agg(known_recordings) from known_recordings) as recordings,
  (select json_agg(known_files) from known_files) as files,
  (select json_agg(json_build_object('id', id, 'decision', decision))
   from review_items where id = any($${first + 8}::uuid[])) as "reviewItems",`,
})

/**
 * With whose number it is. Without `offset 0`, PostgreSQL takes every number for one that many have, and from 150 000
 * contacts on reads them all, the newest first, until it has enough.
 */
const byNumber = (first: number): Besides => {
  const { before, named, columns } = sameCalls(first)
  return {
    before,
    named,
    after: `numbers as materialized (
  select unnest($${first}::text[]) as number
  union select phone_number from named where phone_number is not null and deleted_at is null
), contacts_by_number as materialized (
  select contacts.id, contacts.created_at, number from numbers
  cross join lateral (
    select * from (select * from contacts where phones @> array[number] offset 0) as having_it
    order by created_at desc limit ${CONTACTS_AT_MOST}) as contacts
), dial_requests_by_number as materialized (
  select ${DIAL_REQUEST_COLUMNS}
  from numbers join dial_requests on phone_number = number
  where call_id is null and (written_call_id is not null or created_at > clock_timestamp() - interval '1 day')
), `,
    asked: `
  union select id from contacts_by_number
  union select contact_id from dial_requests_by_number`,
    columns: `
  (select json_agg(contacts_by_number) from contacts_by_number) as contacts,
  (select json_agg(dial_requests_by_number) from dial_requests_by_number) as "dialRequests",${columns}`,
  }
}

/** With requests to be put through, by id. */
const withRequests = (besides: Besides, parameter: number): Besides => ({
  ...besides,
  columns: `${besides.columns}
  (select json_agg(asked_requests) from (
     select ${DIAL_REQUEST_COLUMNS} from dial_requests where id = any($${parameter}::uuid[])) as asked_requests)
    as "askedRequests",`,
})

/**
 * For calls that no attempt holds, by id, of contacts of which nothing is pending: what a decision of them rests on. The
 * calls in the order of {@link unheldFromRow}.
 */
const READ_UNHELD = `
with active as materialized (
  select ${OPPORTUNITY_COLUMNS} from lead_opportunities where contact_id = any($1::uuid[]) and ${ACTIVE}
), unheld as materialized (
  select id, entity_id, call_status, call_result, resumen_llamada, started_at, created_at, outcome, opportunity_id, revision
  from unnest($2::uuid[]) as asked (id) join calls using (id) where ${UNHELD}
)
select ${NOW},
  (select json_agg(active) from active) as opportunities,
  (select json_agg(json_build_array(id, entity_id, call_status, call_result, resumen_llamada, started_at, created_at,
     outcome, opportunity_id, revision)) from unheld) as unheld,
  (select json_agg(id) from unnest($1::uuid[]) as asked (id) cross join lateral (${IS_KNOWN('asked.id')}) as known
   where id not in (select contact_id from active)) as "knownContactIds",
  exists (select from calls where due_at is not null and entity_id = any($1::uuid[]))
    or exists (select from foreign_attempts where call_uuid = any($2::uuid[])) as "hasPending"`

/** For everything: with calls that exist, those that wait at an opportunity concerned, and foreign attempts. */
const readAll = ({ before, named, after, asked, columns }: Besides): string => `
with ${before}named_ids as (
  select unnest($5::uuid[]) as id
  union
  select id from unnest($6::text[], $7::text[]) as asked (provider, provider_call_id)
    join calls using (provider, provider_call_id)${named}
), named as materialized (
  select calls.* from named_ids join calls using (id)
), ${after}asked_holders as materialized (
  select call_id, opportunity_id from foreign_attempts where call_uuid = any($5::uuid[]) or call_id = any($8::text[])
  union
  select call_id, opportunity_id from foreign_attempts where call_uuid in (select id from named)
), related as materialized (
  select unnest($9::uuid[]) as id
  union select opportunity_id from named where opportunity_id is not null
  union select opportunity_id from asked_holders
), asked as materialized (
  select unnest($1::uuid[]) as contact_id
  union select entity_id from named where entity_id is not null
  union select contact_id from lead_opportunities join related using (id)${asked}
), pending as materialized (
  select calls.* from asked join calls on entity_id = contact_id where due_at is not null and deleted_at is null
), holders as materialized (
  select call_id, opportunity_id from asked_holders
  union
  select call_id, opportunity_id from foreign_attempts where call_uuid in (select id from pending)
), holding as materialized (
  select id from related
  union select opportunity_id from pending where opportunity_id is not null
  union select opportunity_id from holders
), concerned as materialized (
  select contact_id from asked union select contact_id from lead_opportunities join holding using (id)
), opportunity_ids as (
  select lead_opportunities.id from concerned join lead_opportunities using (contact_id) where ${ACTIVE}
  union
  select id from holding
), opportunities as materialized (
  select ${OPPORTUNITY_COLUMNS} from opportunity_ids join lead_opportunities using (id)
), waiting as materialized (
  select calls.* from holding join calls on opportunity_id = holding.id
  where outcome in ('limit_reached', 'first_call_completed') and deleted_at is null
), concerned_calls as materialized (
  select ${CALL_COLUMNS} from named c where deleted_at is null
  union all
  select ${CALL_COLUMNS} from pending c where id not in (select id from named)
  union all
  select ${CALL_COLUMNS} from waiting c where id not in (select id from named)
)
select ${NOW},${columns}
  (select json_agg(opportunities) from opportunities) as opportunities,
  (select json_agg(concerned_calls) from concerned_calls) as calls,
  ${STONES},
  (select json_agg(holders) from holders) as "foreignAttempts",
  (select json_agg(contact_id) from concerned cross join lateral (${IS_KNOWN('concerned.contact_id')}) as known)
    as "knownContactIds",
  ${ANSWERS}`

const READ_ALL = readAll(NOTHING_BESIDES)
const READ_ALL_BY_NUMBER = readAll(byNumber(10))
const READ_ALL_OF_REQUESTS = readAll(withRequests(byNumber(10), 19))

/** For calls that are to be saved whatever becomes of their attempts (A9): nothing but the calls themselves. */
const readCalls = ({ before, named, columns }: Besides): string => `
with ${before}named_ids as (
  select unnest($1::uuid[]) as id
  union
  select id from unnest($5::text[], $6::text[]) as asked (provider, provider_call_id)
    join calls using (provider, provider_call_id)${named}
), named as materialized (
  select calls.* from named_ids join calls using (id)
), concerned_calls as (
  select ${CALL_COLUMNS} from named c where deleted_at is null
)
select ${NOW},${columns}
  (select json_agg(concerned_calls) from concerned_calls) as calls,
  ${STONES},
  ${ANSWERS}`

const READ_CALLS = readCalls(NOTHING_BESIDES)
/** With what else may be the same call, or has its recording. */
const READ_SAME_CALLS = readCalls(sameCalls(7))
const READ_CALLS_OF_REQUESTS = readCalls(withRequests(sameCalls(7), 16))

type DialRequestRow = Omit<DialRequest, 'created_at'> & { created_at: string }

interface Found {
  now: number
  opportunities?: OpportunityRow[] | null
  calls?: ReadCallRow[] | null
  unheld?: UnheldRow[] | null
  contacts?: { id: string; created_at: string; number: string }[] | null
  dialRequests?: DialRequestRow[] | null
  askedRequests?: DialRequestRow[] | null
  sameMoment?: (Omit<Trace, 'started_at'> & { started_at: string })[] | null
  recordings?: { provider: string; provider_recording_id: string; call_id: string; isDeleted: boolean }[] | null
  files?: { file_name: string; call_id: string | null; isDeleted: boolean }[] | null
  reviewItems?: { id: string; decision: ReviewDecision | null }[] | null
  stones?: { id: string; provider: string | null; provider_call_id: string | null; isErased: boolean }[] | null
  foreignAttempts?: { call_id: string; opportunity_id: string }[] | null
  knownContactIds?: string[] | null
  hasPending?: boolean
  answers?: (AnswerKey & { answer: Answer | null })[] | null
}

/** Runs one statement; named ones are planned once per connection. */
export type Run = <Row>(name: string, text: string, values: unknown[]) => Promise<Row[]>

/** How a pool runs statements: by name, but for a pooler that may not know them. */
export function runOn(pool: pg.Pool, hasPooler: boolean): Run {
  return async (name, text, values) => {
    const { rows } = await pool.query(hasPooler ? { text, values } : { name, text, values })
    return rows
  }
}

/**
 * Reads what a batch rests on, in one round trip; in a second one where a contact has pending calls (B9), or somebody has
 * told already of a call that was asked for.
 */
export async function readForDeciding(run: Run, needs: Needs): Promise<Book> {
  if (needs.isHistory) {
    const [found] = await run<Found>('read_unheld', READ_UNHELD, [
      `{${needs.contactIds.join(',')}}`,
      `{${needs.callIds.join(',')}}`,
    ])
    if (found !== undefined && found.hasPending !== true) return bookOf(found)
  }
  const answers = answerValues(needs)
  const isOfRequests = !isNone(needs.dialRequestIds)
  const isOfDoors = needs.byNumber || !isNone(needs.reviewItemIds) || isOfRequests
  const isNewOnly =
    !isOfDoors && [needs.callIds, needs.providerKeys, needs.foreignCallIds, needs.opportunityIds].every(isNone)
  if (isNewOnly) {
    const [found] = isNone(needs.answerKeys)
      ? await run<Found>('read_new', READ_NEW, [needs.contactIds])
      : await run<Found>('read_new_with_answers', READ_NEW_WITH_ANSWERS, [needs.contactIds, ...answers])
    if (found !== undefined && found.hasPending !== true) return bookOf(found)
  }
  const valuesWith = (callIds: readonly string[]): unknown[] => [
    needs.contactIds,
    ...answers,
    callIds,
    needs.providerKeys.map((key) => key.provider),
    needs.providerKeys.map((key) => key.provider_call_id),
    needs.foreignCallIds,
    needs.opportunityIds,
  ]
  return withToldCalls(needs.callIds, (callIds) => {
    const values = valuesWith(callIds)
    if (!isOfDoors) return run<Found>('read_all', READ_ALL, values)
    const ofDoors = [...values, ...sameCallValues(needs)]
    return isOfRequests
      ? run<Found>('read_all_of_requests', READ_ALL_OF_REQUESTS, [...ofDoors, needs.dialRequestIds])
      : run<Found>('read_all_by_number', READ_ALL_BY_NUMBER, ofDoors)
  })
}

/** Reads only the calls that may exist, so that they can be saved although their opportunities cannot be read. */
export async function readForSaving(run: Run, needs: Needs): Promise<Book> {
  const valuesWith = (callIds: readonly string[]): unknown[] => [
    callIds,
    ...answerValues(needs),
    needs.providerKeys.map((key) => key.provider),
    needs.providerKeys.map((key) => key.provider_call_id),
  ]
  const isOfRequests = !isNone(needs.dialRequestIds)
  return withToldCalls(needs.callIds, (callIds) => {
    const values = valuesWith(callIds)
    if (!needs.byNumber && !isOfRequests) return run<Found>('read_calls', READ_CALLS, values)
    const ofDoors = [...values, ...sameCallValues(needs)]
    return isOfRequests
      ? run<Found>('read_calls_of_requests', READ_CALLS_OF_REQUESTS, [...ofDoors, needs.dialRequestIds])
      : run<Found>('read_same_calls', READ_SAME_CALLS, ofDoors)
  })
}

/**
 * Reads, and where somebody has told of a call that was asked for, once more with that call: so seldom that the statement
 * which reads every notification need not look for it.
 */
async function withToldCalls(
  callIds: readonly string[],
  read: (callIds: readonly string[]) => Promise<Found[]>,
): Promise<Book> {
  const [found] = await read(callIds)
  const told = requestsIn(found).flatMap(({ call_id, written_call_id }) =>
    [call_id ?? [], written_call_id ?? []].flat(),
  )
  const unread = told.filter((id) => !callIds.includes(id))
  return isNone(unread) ? bookOf(found) : withToldCalls([...callIds, ...unread], read)
}

const requestsIn = (found: Found | undefined): DialRequestRow[] => [
  ...(found?.dialRequests ?? []),
  ...(found?.askedRequests ?? []),
]

const sameCallValues = ({ numbers, recordings, near, files, reviewItemIds }: Needs): unknown[] => [
  numbers.map(({ phone_number }) => phone_number),
  numbers.map(({ started_at }) => (started_at === null ? null : formatInstant(started_at))),
  recordings.map(({ provider }) => provider),
  recordings.map(({ provider_recording_id }) => provider_recording_id),
  near.map(({ phone_number }) => phone_number),
  near.map(({ started_at }) => formatInstant(started_at)),
  near.map(({ withinMs }) => withinMs / 1_000),
  files,
  reviewItemIds,
]

const isNone = (list: readonly unknown[]): boolean => list.length === 0

const answerValues = ({ answerKeys }: Needs): unknown[] => [
  answerKeys.map(({ owner }) => owner),
  answerKeys.map(({ key }) => key),
  answerKeys.map(({ place }) => place),
]

function bookOf(found: Found | undefined): Book {
  if (found === undefined) throw new Error('the database answered a reading without a row')
  return new Book({
    now: found.now,
    opportunities: (found.opportunities ?? []).map(opportunityFromRow),
    areCallsBare: found.unheld != null,
    calls: found.unheld?.map(unheldFromRow) ?? (found.calls ?? []).map(callFromRow),
    stones: found.stones ?? [],
    foreignAttempts: found.foreignAttempts ?? [],
    knownContactIds: found.knownContactIds ?? [],
    answers: found.answers ?? [],
    contacts: (found.contacts ?? []).map((row) => ({ ...row, created_at: Date.parse(row.created_at) })),
    dialRequests: requestsIn(found).map((row) => ({ ...row, created_at: Date.parse(row.created_at) })),
    sameMoment: (found.sameMoment ?? []).map((row) => ({ ...row, started_at: Date.parse(row.started_at) })),
    recordings: found.recordings ?? [],
    files: found.files ?? [],
    reviewItems: found.reviewItems ?? [],
  })
}
