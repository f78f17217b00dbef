import { v7 as uuidv7 } from 'uuid'
import type { Actor } from '../audit/actor.ts'
import type { Entry } from '../audit/entry.ts'
import { type Call, NO_FIELDS, type Recording } from '../calls/call.ts'
import type { DialRequest } from '../calls/link.ts'
import type { HandledMessage } from '../inbox/message.ts'
import type { Opportunity } from '../opportunities/opportunity.ts'
import type { Decided, Doubt } from '../review/item.ts'
import { formatInstant } from './attempt.ts'
import type { Answer, AnswerKey } from './book.ts'
import type { Run } from './read.ts'
import { callToRow, opportunityToRow, triesToRow } from './rows.ts'

/**
 * What a batch writes. Each piece carries the number of its group: a group is written whole, and only if every row
 * of it that exists is free and has the revision that was read (B14).
 */
export interface Writing {
  opportunities: InGroup<{ opportunity: Opportunity; readRevision: number }>[]
  /** Those of which nothing changes but attempts and status. */
  triedOpportunities: InGroup<{ opportunity: Opportunity; readRevision: number }>[]
  newOpportunities: InGroup<{ opportunity: Opportunity }>[]
  calls: InGroup<{ call: Call; readRevision: number; isDeleted: boolean }>[]
  newCalls: InGroup<{ call: Call; isDeleted: boolean }>[]
  /** Those of which nothing changes but what was decided: an outcome that is none of waiting. */
  decidedCalls: InGroup<{ call: Call; readRevision: number }>[]
  /** Those that were known only by an e-mail, and now get their provider's key. */
  namedCalls: InGroup<{ call: Call; readRevision: number; isDeleted: boolean }>[]
  /** B7: attempts that begin to be foreign, and those that no longer are. */
  newForeignAttempts: InGroup<{ call_id: string; opportunity_id: string }>[]
  goneForeignAttempts: InGroup<{ call_id: string }>[]
  requests: InGroup<{ key: AnswerKey; now: number }>[]
  answers: InGroup<{ key: AnswerKey; answer: Answer; now: number }>[]
  /** Without audio: new ones, those that got their provider's name, and those that came from another call. */
  recordings: InGroup<OfOwner>[]
  /** With audio: likewise, also from or for an item of the review list. */
  audio: InGroup<OfOwner>[]
  /** Those that were there without audio and now have it: written only while nobody else has brought it. */
  filled: InGroup<OfOwner>[]
  goneRecordings: InGroup<{ id: string }>[]
  /** Those without audio: gone only while nobody has brought it, as nothing else knows its file. */
  goneExpected: InGroup<{ id: string }>[]
  doubts: InGroup<{ doubt: Doubt; by: Actor; now: number }>[]
  decisions: InGroup<{ decided: Decided }>[]
  /** Requests to be put through, of which somebody tells: the PBX, or before it whoever wrote the call down. */
  dialRequests: InGroup<{ request: DialRequest; read: DialRequest }>[]
  /** Raw messages that are settled by what is written with them, whether they were stored before or not. */
  messages: InGroup<{ message: HandledMessage; now: number }>[]
  /** What is changed by whom, in the order of the plans. */
  audit: InGroup<{ entry: Entry; at: string }>[]
  /** Personal values of the entry at that place among them, from 1 on. */
  auditValues: InGroup<{ place: number; personal: NonNullable<Entry['personal']> }>[]
}

/** A recording of a call, or of an item of the review list. */
type OfOwner = { callId: string | null; itemId: string | null; recording: Recording; now: number }

/** Names and types. */
type Columns = Readonly<Record<string, string>>

type InGroup<Piece> = Piece & { group: number }

type Part = {
  [Name in keyof Writing]: {
    /** Of the records, beside `group_id`. */
    columns: Columns
    /** Gives each record an `id`, in their order. */
    sequence?: string
    /** Reads `<name>_in`, skips the groups in `refused`. */
    statement: string
    /** What is written beside it: reads what that statement returns, `write_<name>`. */
    beside?: string
    record: (piece: Writing[Name][number]) => object
  }
}

const TRIED_OPPORTUNITY_COLUMNS = {
  status: 'text',
  first_call_attempts: 'jsonb',
  first_call_completed: 'boolean',
  first_call_successful_attempt: 'smallint',
  last_contact_attempt_at: 'timestamptz',
  attempt_call_created_at: 'timestamptz[]',
  revision: 'bigint',
  updated_at: 'timestamptz',
}

const OPPORTUNITY_COLUMNS = {
  title: 'text',
  title_search_text: 'text',
  assigned_to: 'text',
  source: 'text',
  completed_elsewhere: 'boolean',
  ...TRIED_OPPORTUNITY_COLUMNS,
}

const NEW_OPPORTUNITY_COLUMNS = { id: 'uuid', contact_id: 'uuid', created_at: 'timestamptz', ...OPPORTUNITY_COLUMNS }

const CALL_COLUMNS = {
  entity_type: 'text',
  entity_id: 'uuid',
  direction: 'text',
  call_status: 'text',
  call_result: 'text',
  resumen_llamada: 'text',
  phone_number: 'text',
  extension: 'text',
  started_at: 'timestamptz',
  answered_at: 'timestamptz',
  ended_at: 'timestamptz',
  duration_seconds: 'integer',
  sources: 'jsonb',
  link: 'jsonb',
  outcome: 'text',
  opportunity_id: 'uuid',
  pending_since: 'timestamptz',
  due_at: 'timestamptz',
  tries: 'integer',
  is_counted: 'boolean',
  revision: 'bigint',
  updated_at: 'timestamptz',
}

const NEW_CALL_COLUMNS = {
  id: 'uuid',
  provider: 'text',
  provider_call_id: 'text',
  created_at: 'timestamptz',
  deleted_at: 'timestamptz',
  ...CALL_COLUMNS,
}

const CHANGED_CALL_COLUMNS = { id: 'uuid', read_revision: 'bigint', deleted_at: 'timestamptz', ...CALL_COLUMNS }
const NAMED_CALL_COLUMNS = { provider: 'text', provider_call_id: 'text', ...CALL_COLUMNS }

const AUDIO_COLUMNS = {
  call_id: 'uuid',
  review_item_id: 'uuid',
  provider: 'text',
  provider_recording_id: 'text',
  status: 'text',
  file_name: 'text',
  content_type: 'text',
  size_bytes: 'bigint',
  sha256: 'bytea',
  matched_by: 'text',
  updated_at: 'timestamptz',
}
const NEW_AUDIO_COLUMNS = { id: 'uuid', ...AUDIO_COLUMNS, created_at: 'timestamptz' }

const names = (columns: Columns): string => Object.keys(columns).join(', ')
const assigned = (columns: Columns, from = 'i'): string =>
  Object.keys(columns)
    .map((name) => `${name} = ${from}.${name}`)
    .join(', ')

/** A list of JSON has no other null than its own. */
const unlessNull = (column: string): string => `case when json_typeof(${column}) <> 'null' then ${column} end`

/** A message that was stored before keeps its content, unless it is to have none. */
const UNLESS_EMPTIED = Object.entries({
  headers: 'excluded.headers',
  body: 'excluded.body',
  event: 'excluded.event',
  file_name: 'null',
  natural_key: 'erased_key(inbox.natural_key)',
  emptied_at: 'excluded.emptied_at',
})
  .map(
    ([column, emptied]) => `${column} = case when excluded.emptied_at is null then inbox.${column} else ${emptied} end`,
  )
  .join(', ')

const NOT_REFUSED = 'group_id not in (select group_id from refused)'

const PARTS: Part = {
  opportunities: {
    columns: { id: 'uuid', read_revision: 'bigint', ...OPPORTUNITY_COLUMNS },
    statement: `update lead_opportunities t set ${assigned(OPPORTUNITY_COLUMNS)}
      from opportunities_in i where t.id = i.id and i.${NOT_REFUSED}`,
    record: ({ opportunity, readRevision }) => ({ ...opportunityToRow(opportunity), read_revision: readRevision }),
  },
  triedOpportunities: {
    columns: { id: 'uuid', read_revision: 'bigint', ...TRIED_OPPORTUNITY_COLUMNS },
    statement: `update lead_opportunities t set ${assigned(TRIED_OPPORTUNITY_COLUMNS)}
      from "triedOpportunities_in" i where t.id = i.id and i.${NOT_REFUSED}`,
    record: ({ opportunity, readRevision }) => ({
      id: opportunity.id,
      read_revision: readRevision,
      ...triesToRow(opportunity),
    }),
  },
  newOpportunities: {
    columns: NEW_OPPORTUNITY_COLUMNS,
    statement: `insert into lead_opportunities (${names(NEW_OPPORTUNITY_COLUMNS)})
      select ${names(NEW_OPPORTUNITY_COLUMNS)} from "newOpportunities_in" where ${NOT_REFUSED}`,
    record: ({ opportunity }) => opportunityToRow(opportunity),
  },
  calls: {
    columns: CHANGED_CALL_COLUMNS,
    statement: `update calls t set ${assigned({ ...CALL_COLUMNS, deleted_at: '' })}
      from calls_in i where t.id = i.id and i.${NOT_REFUSED}`,
    record: ({ call, readRevision, isDeleted }) => ({ ...storedRow(call, isDeleted), read_revision: readRevision }),
  },
  decidedCalls: {
    columns: {
      id: 'uuid',
      read_revision: 'bigint',
      outcome: 'text',
      opportunity_id: 'uuid',
      revision: 'bigint',
      updated_at: 'timestamptz',
    },
    statement: `update calls t set outcome = i.outcome, opportunity_id = i.opportunity_id, pending_since = null,
        due_at = null, tries = 0, is_counted = false, revision = i.revision, updated_at = i.updated_at
      from "decidedCalls_in" i where t.id = i.id and i.${NOT_REFUSED}`,
    record: ({ call: { id, outcome, opportunity_id, revision, updated_at }, readRevision }) => ({
      id,
      read_revision: readRevision,
      outcome,
      opportunity_id,
      revision,
      updated_at: formatInstant(updated_at),
    }),
  },
  newCalls: {
    columns: NEW_CALL_COLUMNS,
    statement: `insert into calls (${names(NEW_CALL_COLUMNS)})
      select ${names(NEW_CALL_COLUMNS)} from "newCalls_in" where ${NOT_REFUSED}`,
    record: ({ call, isDeleted }) => storedRow(call, isDeleted),
  },
  namedCalls: {
    columns: { ...CHANGED_CALL_COLUMNS, ...NAMED_CALL_COLUMNS },
    statement: `update calls t set ${assigned(NAMED_CALL_COLUMNS)}
      from "namedCalls_in" i where t.id = i.id and i.${NOT_REFUSED}`,
    record: ({ call, readRevision }) => ({ ...callToRow(call), read_revision: readRevision }),
  },
  newForeignAttempts: {
    columns: { call_id: 'text', opportunity_id: 'uuid' },
    statement: `insert into foreign_attempts (call_id, opportunity_id)
      select call_id, opportunity_id from "newForeignAttempts_in" where ${NOT_REFUSED}`,
    record: ({ call_id, opportunity_id }) => ({ call_id, opportunity_id }),
  },
  goneForeignAttempts: {
    columns: { call_id: 'text' },
    statement: `delete from foreign_attempts t using "goneForeignAttempts_in" i
      where t.call_id = i.call_id and i.${NOT_REFUSED}`,
    record: ({ call_id }) => ({ call_id }),
  },
  // Whoever comes second finds its own request or, by the foreign key of its answer, nothing.
  requests: {
    columns: { owner: 'text', key: 'text', request_hash: 'text', created_at: 'timestamptz' },
    statement: `insert into idempotency_requests (owner, key, request_hash, created_at)
      select distinct on (owner, key) owner, key, request_hash, created_at from requests_in where ${NOT_REFUSED}
      order by owner, key on conflict (owner, key) do nothing`,
    record: ({ key: { owner, key, requestHash }, now }) => ({
      owner,
      key,
      request_hash: requestHash,
      created_at: formatInstant(now),
    }),
  },
  answers: {
    columns: {
      owner: 'text',
      key: 'text',
      place: 'integer',
      request_hash: 'text',
      answer: 'json',
      created_at: 'timestamptz',
    },
    statement: `insert into idempotency_keys (owner, key, place, request_hash, answer, created_at)
      select owner, key, place, request_hash, answer, created_at from answers_in where ${NOT_REFUSED}`,
    record: ({ key: { owner, key, place, requestHash }, answer, now }) => ({
      owner,
      key,
      place,
      request_hash: requestHash,
      answer,
      created_at: formatInstant(now),
    }),
  },
  recordings: {
    columns: {
      id: 'uuid',
      call_id: 'uuid',
      provider: 'text',
      provider_recording_id: 'text',
      due_at: 'timestamptz',
      created_at: 'timestamptz',
    },
    statement: `insert into recordings (id, call_id, provider, provider_recording_id, due_at, created_at, updated_at)
      select id, call_id, provider, provider_recording_id, due_at, created_at, created_at
      from recordings_in where ${NOT_REFUSED}
      on conflict (id) do update set call_id = excluded.call_id,
        provider_recording_id = excluded.provider_recording_id, updated_at = excluded.updated_at`,
    record: ({ callId, recording, now }) => ({
      id: recording.id,
      call_id: callId,
      provider: recording.provider,
      provider_recording_id: recording.provider_recording_id,
      due_at: formatInstant(now + FETCHED_AFTER_MS),
      created_at: formatInstant(now),
    }),
  },
  audio: {
    columns: NEW_AUDIO_COLUMNS,
    statement: `insert into recordings (${names(NEW_AUDIO_COLUMNS)})
      select ${names(NEW_AUDIO_COLUMNS)} from audio_in where ${NOT_REFUSED}
      on conflict (id) do update set ${assigned(AUDIO_COLUMNS, 'excluded')}`,
    record: audioRow,
  },
  filled: {
    columns: { id: 'uuid', ...AUDIO_COLUMNS },
    statement: `update recordings t set ${assigned(AUDIO_COLUMNS)}, due_at = null, fault = null
      from filled_in i where t.id = i.id and i.${NOT_REFUSED}`,
    record: audioRow,
  },
  goneRecordings: {
    columns: { id: 'uuid' },
    statement: `delete from recordings t using "goneRecordings_in" i where t.id = i.id and i.${NOT_REFUSED}`,
    record: ({ id }) => ({ id }),
  },
  goneExpected: {
    columns: { id: 'uuid' },
    statement: `delete from recordings t using "goneExpected_in" i where t.id = i.id and i.${NOT_REFUSED}`,
    record: ({ id }) => ({ id }),
  },
  doubts: {
    columns: {
      id: 'uuid',
      kind: 'text',
      natural_key: 'text',
      call_id: 'uuid',
      message_id: 'uuid',
      mail: 'jsonb',
      reason: 'text',
      candidates: 'jsonb',
      created_at: 'timestamptz',
      who: 'text',
      request_id: 'text',
    },
    statement: `insert into review_items
        (id, kind, natural_key, call_id, message_id, mail, reason, candidates, created_at)
      select id, kind, natural_key, call_id, message_id, mail, reason, candidates, created_at
      from doubts_in where ${NOT_REFUSED}
      on conflict (natural_key) do update set mail = excluded.mail, reason = excluded.reason,
        candidates = excluded.candidates
      where review_items.decided_at is null and review_items.mail is not null
        and (review_items.mail, review_items.reason, review_items.candidates)
          is distinct from (excluded.mail, excluded.reason, excluded.candidates)
      returning id, xmax = 0 as is_new`,
    beside: `insert into audit (at, who, request_id, action, entity_id, before, after)
      select created_at, who, request_id, case when is_new then 'review.opened' else 'review.changed' end, id,
        case when not is_new then '{}'::json end,
        json_build_object('kind', kind, 'call_id', call_id, 'message_id', message_id)
      from doubts_in join "write_doubts" using (id)`,
    record: ({ doubt, by, now }) => ({
      who: by.who,
      request_id: by.requestId,
      // Of a message it is named as the message is, so that its audio knows it.
      id: doubt.mail?.messageId ?? uuidv7(),
      message_id: doubt.mail?.messageId ?? null,
      mail: doubt.mail?.kept ?? null,
      kind: doubt.kind,
      natural_key: doubt.naturalKey,
      call_id: doubt.callId,
      reason: doubt.reason,
      candidates: JSON.stringify(doubt.candidates),
      created_at: formatInstant(now),
    }),
  },
  decisions: {
    columns: { id: 'uuid', decision: 'jsonb', decided_at: 'timestamptz' },
    statement: `update review_items t set decision = i.decision, decided_at = i.decided_at
      from decisions_in i where t.id = i.id and i.${NOT_REFUSED}`,
    record: ({ decided: { itemId, decision } }) => ({ id: itemId, decision, decided_at: decision.at }),
  },
  dialRequests: {
    columns: { id: 'uuid', call_id: 'uuid', written_call_id: 'uuid', read_written_call_id: 'uuid' },
    statement: `update dial_requests t set call_id = i.call_id, written_call_id = i.written_call_id
      from "dialRequests_in" i where t.id = i.id and i.${NOT_REFUSED}`,
    record: ({ request: { id, call_id, written_call_id }, read }) => ({
      id,
      call_id,
      written_call_id,
      read_written_call_id: read.written_call_id,
    }),
  },
  messages: {
    columns: {
      id: 'uuid',
      door: 'text',
      received_at: 'timestamptz',
      headers: 'jsonb',
      body: 'bytea',
      event: 'text',
      result: 'text',
      reason: 'text',
      call_id: 'uuid',
      handled_at: 'timestamptz',
      emptied_at: 'timestamptz',
    },
    statement: `insert into inbox
        (id, door, received_at, headers, body, event, result, reason, call_id, handled_at, emptied_at)
      select id, door, received_at, headers, body, event, result, reason, call_id, handled_at, emptied_at
      from messages_in where ${NOT_REFUSED}
      on conflict (id) do update set result = excluded.result, reason = excluded.reason, call_id = excluded.call_id,
        handled_at = excluded.handled_at, due_at = null, fault = null,
        ${UNLESS_EMPTIED}`,
    record: ({ message, now }) => ({
      id: message.id,
      door: message.door,
      received_at: formatInstant(message.receivedAt),
      headers: message.headers,
      body: message.body,
      event: message.event,
      result: message.result,
      reason: message.reason,
      call_id: message.callId,
      handled_at: formatInstant(now),
      emptied_at: message.isEmptied === true ? formatInstant(now) : null,
    }),
  },
  audit: {
    columns: {
      at: 'timestamptz',
      who: 'varchar',
      request_id: 'varchar',
      action: 'varchar',
      entity_id: 'uuid',
      before: 'json',
      after: 'json',
      personal_fields: 'varchar',
    },
    statement: `insert into audit (id, at, who, request_id, action, entity_id, before, after, personal_fields)
      select id, at, who, request_id, action, entity_id, ${unlessNull('before')}, ${unlessNull('after')}, personal_fields
      from audit_in where ${NOT_REFUSED}`,
    sequence: 'audit_id_seq',
    record: ({ entry: { by, action, entityId, before, after, personal }, at }) => ({
      at,
      who: by.who,
      request_id: by.requestId,
      action,
      entity_id: entityId,
      before,
      after,
      personal_fields: personal?.fields.join() ?? null,
    }),
  },
  auditValues: {
    columns: { place: 'integer', contact_id: 'uuid', call_id: 'uuid', before: 'json', after: 'json' },
    statement: `insert into audit_values (audit_id, contact_id, call_id, before, after)
      select (array(select id from audit_in))[place], contact_id, call_id,
        ${unlessNull('before')}, ${unlessNull('after')}
      from "auditValues_in" where ${NOT_REFUSED}`,
    record: ({ place, personal: { contactId, callId, before, after } }) => ({
      place,
      contact_id: contactId,
      call_id: callId,
      before,
      after,
    }),
  },
}

/** The audio is seldom there before. */
const FETCHED_AFTER_MS = 40_000

/** In the order of their parameters. */
const PART_NAMES = Object.keys(PARTS) as (keyof Writing)[]

function audioRow({ callId, itemId, recording, now }: OfOwner) {
  return {
    id: recording.id,
    call_id: callId,
    review_item_id: itemId,
    provider: recording.provider,
    provider_recording_id: recording.provider_recording_id,
    status: recording.status,
    file_name: recording.file_name,
    content_type: recording.content_type,
    size_bytes: recording.size_bytes,
    sha256: recording.sha256 === null ? null : Buffer.from(recording.sha256, 'hex'),
    matched_by: recording.matched_by,
    created_at: formatInstant(now),
    updated_at: formatInstant(now),
  }
}

function storedRow(call: Call, isDeleted: boolean) {
  if (!isDeleted) return { ...callToRow(call), deleted_at: null }
  return { ...callToRow(stoneOf(call)), deleted_at: formatInstant(call.updated_at) }
}

/** What stays of a deleted call (B5). */
function stoneOf(call: Call): Call {
  return {
    ...call,
    ...NO_FIELDS,
    sources: {},
    link: null,
    opportunity_id: null,
    pending: null,
  }
}

/**
 * A group is refused where a row of it is locked by somebody else, is gone, or has another revision than was read.
 * `skip locked`: no batch waits for another or for a foreign lock. `no key update`: the foreign keys of calls that
 * others insert meanwhile do not count as a lock.
 */
function refusals(part: string): string {
  // Not a join: with the plans of batches, that would compare each row with each.
  return `select group_id from "${part}_in" where (id, read_revision) not in (select id, revision from "locked_${part}")`
}

const locked = (table: string, part: string): string => `"locked_${part}" as materialized (
  select t.id, t.revision from ${table} t where t.id = any (array(select id from "${part}_in"))
  order by t.id for no key update skip locked
)`

/** What is written only in the revision that was read. */
const REVISED = [
  ['opportunities', 'lead_opportunities'],
  ['triedOpportunities', 'lead_opportunities'],
  ['calls', 'calls'],
  ['decidedCalls', 'calls'],
  ['namedCalls', 'calls'],
] as const

/** What somebody else has decided, answered or brought meanwhile is not decided, answered or brought again. */
const ONCE_ONLY = [
  ['decisions', 'review_items', 't.decided_at is null'],
  // Nor beside a call that was written down since: it is the same call.
  [
    'dialRequests',
    'dial_requests',
    `t.call_id is null and (t.id, coalesce(t.written_call_id, t.id))
      in (select id, coalesce(read_written_call_id, id) from "dialRequests_in")`,
  ],
  ['filled', 'recordings', "t.status <> 'available'"],
  ['goneExpected', 'recordings', "t.status <> 'available'"],
] as const

const columnsOf = (part: keyof Writing): Columns => ({ group_id: 'integer', ...PARTS[part].columns })

const isArray = (type: string): boolean => type.endsWith('[]')

function statementFor(parts: readonly (keyof Writing)[]): string {
  const isRead = (part: keyof Writing): boolean => parts.includes(part)
  let parameter = 0
  const ctes = parts.map((part) => {
    const columns = Object.entries(columnsOf(part)).map(([name, type]) => ({ name, type, place: ++parameter }))
    const [json, others] = [
      columns.filter(({ type }) => type === 'json'),
      columns.filter(({ type }) => type !== 'json'),
    ]
    const arrays = others.map(({ type, place }) => `$${place}::${isArray(type) ? 'text' : type}[]`)
    const lists = [`unnest(${arrays})`, ...json.map(({ place }) => `json_array_elements($${place}::json)`)]
    const selected = columns.map(({ name, type }) => (isArray(type) ? `${name}::${type}` : name))
    const { sequence } = PARTS[part]
    if (sequence !== undefined) selected.unshift(`nextval('${sequence}') as id`)
    return `"${part}_in" as materialized (
      select ${selected} from rows from (${lists}) as r (${[...others, ...json].map(({ name }) => name)}))`
  })
  const guards: string[] = []
  for (const [part, table] of REVISED) {
    if (!isRead(part)) continue
    ctes.push(locked(table, part))
    guards.push(refusals(part))
  }
  for (const [part, table, isOpen] of ONCE_ONLY) {
    if (!isRead(part)) continue
    ctes.push(`"open_${part}" as materialized (
      select t.id from ${table} t where t.id = any (array(select id from "${part}_in")) and ${isOpen}
      order by t.id for no key update skip locked)`)
    guards.push(`select group_id from "${part}_in" where id not in (select id from "open_${part}")`)
  }
  ctes.push(`refused as materialized (${guards.join(' union ') || 'select null::integer as group_id where false'})`)
  for (const part of parts) {
    const { statement, beside } = PARTS[part]
    ctes.push(`"write_${part}" as (${statement})`)
    if (beside !== undefined) ctes.push(`"beside_${part}" as (${beside})`)
  }
  return `with ${ctes.join(', ')} select group_id from refused`
}

/** By name: a few dozen of those that are possible. */
const statements = new Map<string, string>()

/**
 * Writes the groups in one statement.
 *
 * @returns the numbers of the groups that were refused; of them nothing was written
 * @throws the database's error, where the whole statement failed and nothing of any group was written
 */
export async function write(run: Run, writing: Writing): Promise<ReadonlySet<number>> {
  const parts = PART_NAMES.filter((part) => writing[part].length > 0)
  if (parts.length === 0) return new Set()
  const values = parts.flatMap((part) => valuesOf(writing, part))
  // A statement's name has at most 63 bytes in PostgreSQL: the parts are told by their places.
  const name = `write_${parts.map((part) => PART_NAMES.indexOf(part).toString(36)).join('')}`
  let statement = statements.get(name)
  if (statement === undefined) {
    statement = statementFor(parts)
    statements.set(name, statement)
  }
  const rows = await run<{ group_id: number }>(name, statement, values)
  return new Set(rows.map((row) => row.group_id))
}

/** An array for each column: PostgreSQL reads those several times as fast as records of JSON. */
function valuesOf<Name extends keyof Writing>(writing: Writing, part: Name): unknown[] {
  const { record, columns } = PARTS[part]
  const pieces = writing[part]
  const records = pieces.map(record) as Readonly<Record<string, unknown>>[]
  const arrays = Object.entries(columns).map(([name, type]) => {
    if (PLAIN_TYPES.has(type)) return arrayOf(records.map((row) => row[name] as Plain))
    if (type === 'varchar') return arrayOf(records.map((row) => quoted(row[name] as string | null)))
    // As one text: in an array, each of its quotes would be written twice over.
    if (type === 'json') return JSON.stringify(records.map((row) => row[name]))
    return records.map((row) => (isArray(type) ? arrayOf(row[name] as readonly Plain[]) : row[name]))
  })
  return [arrayOf(pieces.map(({ group }) => group)), ...arrays]
}

type Plain = string | number | boolean | null

/** A word that may have other punctuation, but neither quotes nor a backslash. Such columns are called `varchar`. */
const quoted = (word: string | null): string | null => (word === null ? null : `"${word}"`)

/** Types whose values are words without any punctuation that means something in an array. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(['uuid', 'bigint', 'integer', 'smallint', 'boolean', 'timestamptz'])

/**
 * An array as text: of words that need no quotes, which `pg` would look for in each. It stands for an array within an
 * array, too: PostgreSQL's own have all the same length.
 */
const arrayOf = (words: readonly Plain[]): string => `{${words.map((word) => word ?? 'NULL').join(',')}}`
