import { type Exchange, isAcknowledged } from './recorder.ts'

/** The fields of a call on which attempts rest. */
export const FIELDS = [
  'entity_type',
  'entity_id',
  'direction',
  'call_status',
  'call_result',
  'resumen_llamada',
  'started_at',
] as const

/** Something that somebody asked to be written; it took effect between two moments, or never if it was not answered. */
export interface Write {
  from: number
  /** Infinite where nobody knows when, or whether. */
  until: number
  isAcknowledged: boolean
  /** What may be found afterwards. */
  leaves: Readonly<Record<string, unknown>>
  /** What cannot be found afterwards as it was before. */
  replaces: readonly string[]
  answer: Exchange['answer']
}

/** A call as it was told of, by the name that was given to it. */
export interface ToldCall {
  name: string
  /** Each try to make it. */
  creations: Exchange[]
  /** What of it took or may have taken effect, its making among it. */
  writes: Write[]
  deletions: Exchange[]
  /** Every answer that showed it. */
  shown: Exchange[]
}

/** An opportunity as it was told of; its status alone is changed. */
export interface ToldOpportunity {
  id: string
  contactId: string
  /** Whether the service has said that it is there, and when. */
  thereSince: number
  writes: Write[]
  /** Ids that an older system gave to its attempts (B7). */
  foreignCallIds: ReadonlySet<string>
}

export interface Told {
  calls: Map<string, ToldCall>
  opportunities: Map<string, ToldOpportunity>
  /** The name of the call with this id. */
  nameOf: Map<string, string>
}

/** Puts in order who was told what. */
export function readHistory(exchanges: readonly Exchange[]): Told {
  const told: Told = { calls: new Map(), opportunities: new Map(), nameOf: new Map() }
  for (const { body, answer, status } of exchanges) {
    const shown = isAcknowledged({ status }) ? [body, answer ?? {}] : [body]
    for (const { id, extension } of shown)
      if (typeof id === 'string' && typeof extension === 'string') told.nameOf.set(id, extension)
  }
  for (const exchange of exchanges) {
    const [, kind, id] = /^\/api\/crm\/(calls|opportunities)(?:\/([^/?]+))?$/.exec(exchange.path) ?? []
    if (kind === 'calls') addToCall(told, exchange, id)
    if (kind === 'opportunities') addToOpportunity(told, exchange, id)
  }
  for (const call of told.calls.values()) call.writes.push(...makings(call.creations))
  return told
}

/** Refused, and so without effect; a 503 promises nothing either way. */
const isRefused = ({ status }: Exchange): boolean => status !== null && status >= 400 && status < 500

function addToCall({ calls, nameOf }: Told, exchange: Exchange, id: string | undefined): void {
  const name = id === undefined ? exchange.body.extension : nameOf.get(id)
  if (typeof name !== 'string') return
  const call = calls.get(name) ?? { name, creations: [], writes: [], deletions: [], shown: [] }
  calls.set(name, call)
  if (isAcknowledged(exchange) && exchange.answer !== null) call.shown.push(exchange)
  if (isRefused(exchange)) return
  if (exchange.method === 'POST') call.creations.push(exchange)
  if (exchange.method === 'DELETE') call.deletions.push(exchange)
  if (exchange.method === 'PATCH') call.writes.push(writeOf(exchange, exchange.body, Object.keys(exchange.body)))
}

function addToOpportunity({ opportunities }: Told, exchange: Exchange, id: string | undefined): void {
  const { body, answeredAt } = exchange
  if (isRefused(exchange) || exchange.method === 'GET') return
  const known = opportunities.get(String(id ?? body.id))
  if (id !== undefined) known?.writes.push(writeOf(exchange, body, Object.keys(body)))
  if (id !== undefined || typeof body.id !== 'string') return
  const thereSince = isAcknowledged(exchange) ? (answeredAt ?? Infinity) : Infinity
  if (known !== undefined) {
    known.thereSince = Math.min(known.thereSince, thereSince)
    return
  }
  const given = Object.values((body.first_call_attempts ?? {}) as Record<string, { call_id: string }>)
  opportunities.set(body.id, {
    id: body.id,
    contactId: String(body.contact_id),
    thereSince,
    writes: [writeOf(exchange, { status: body.status ?? 'pending' }, [])],
    foreignCallIds: new Set(given.map(({ call_id }) => call_id)),
  })
}

function writeOf(exchange: Exchange, leaves: Write['leaves'], replaces: readonly string[]): Write {
  const isDone = isAcknowledged(exchange)
  const until = isDone ? (exchange.answeredAt ?? Infinity) : Infinity
  return { from: exchange.sentAt, until, isAcknowledged: isDone, leaves, replaces, answer: exchange.answer }
}

/** All that a call has not been told is empty. */
const EMPTY = Object.fromEntries(FIELDS.map((field) => [field, null]))

/**
 * What the tries to make a call may have left. Repeated with an id or an `Idempotency-Key`, the first that came through
 * is the only one; with a provider's key every later one brings its fields once more (B10, B12).
 */
function makings(creations: readonly Exchange[]): Write[] {
  const [first] = creations
  if (first === undefined) return []
  const madeBy = Math.min(...creations.filter(isAcknowledged).map(({ answeredAt }) => answeredAt ?? Infinity))
  const made = { ...writeOf(first, { ...EMPTY, ...first.body }, []), until: madeBy, isAcknowledged: madeBy < Infinity }
  if (first.body.provider === undefined) return [made]
  return creations.map((creation) => {
    const brought = Object.keys(creation.body).filter((name) => creation.body[name] !== null)
    const mayBeFirst = creation.sentAt <= madeBy
    return writeOf(creation, mayBeFirst ? { ...EMPTY, ...creation.body } : creation.body, brought)
  })
}

/** Whether nobody has surely written it anew since. */
function isLast(write: Write, field: string, writes: readonly Write[]): boolean {
  return !writes.some((other) => other.isAcknowledged && other.replaces.includes(field) && other.from > write.until)
}

/** The values that a field may have in the end: those that no acknowledged write has surely replaced. */
export function possibleValues(writes: readonly Write[], field: string): unknown[] {
  return writes
    .filter((write) => field in write.leaves && isLast(write, field, writes))
    .map(({ leaves }) => leaves[field])
}

/** Whether one of the writes may have left this value at some time. */
export const wasEver = (writes: readonly Write[], field: string, value: unknown): boolean =>
  writes.some(({ leaves }) => leaves[field] === value)
