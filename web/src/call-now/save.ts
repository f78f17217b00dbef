import { answered, api, Problem } from '../api/client.ts'
import type { components } from '../api/schema.d.ts'
import type { Ring } from '../parts/rings.ts'
import { isGone } from './queue.ts'

type Call = components['schemas']['Call']

/** What somebody says of a call. */
export interface Said {
  call_status: string | null
  resumen_llamada: string | null
  call_result?: string | null
}

/** A call that was made or found, and what became of it. */
export interface Saved {
  call: Call
  /** Says something else of it. */
  change: (said: Said) => Promise<Saved>
  /** Takes it back. */
  undo: () => Promise<void>
}

interface Asked {
  contactId: string
  /** The number that rang. */
  phone: string | null
  /** By the service's clock. */
  since: number
  /** Latest first; what is said is said of that one. */
  rings: readonly Ring[]
  /** The id that a call of our own gets: sent again, it is not made again. */
  ownId: string
  said: Said
}

/** So long the PBX is waited for where it was asked to call; it tells of a call when the lead's telephone rings. */
const PBX_WAIT_MS = 10_000
const LOOK_EVERY_MS = 500
/** The PBX's clock and ours. */
const SKEW_MS = 60_000

/** Calls that have what somebody said of them: said of another one, it would be lost. */
const heard = new Set<string>()

/**
 * Saves how a call went: on the call that the PBX tells of where there is one (B10), so that one ring is one attempt; else
 * as a call of our own, which that one becomes.
 */
export async function saveOutcome(asked: Asked): Promise<Saved> {
  const isAsked = (asked.rings[0]?.asked ?? null) !== null
  const reported = await findReported(asked, isAsked ? PBX_WAIT_MS : 0)
  return reported === null ? saveOwn(asked) : sayOf(reported, asked.said)
}

async function sayOf(call: Call, said: Said): Promise<Saved> {
  const { call_status, resumen_llamada, ...more } = said
  const body = { call_status, ...more, ...(resumen_llamada === null ? {} : { resumen_llamada }) }
  const changed = await change(call.id, body)
  heard.add(call.id)
  return {
    call: changed,
    change: async (now) => ({ ...(await sayOf(changed, now)), undo }),
    undo,
  }

  async function undo(): Promise<void> {
    heard.delete(call.id)
    const { call_status, resumen_llamada, call_result } = call
    await change(call.id, { call_status, resumen_llamada, ...('call_result' in said ? { call_result } : {}) })
  }
}

const change = (id: string, body: Partial<Said>): Promise<Call> =>
  answered(api.PATCH('/api/crm/calls/{id}', { params: { path: { id } }, body }))

const requestIdOf = ([latest]: readonly Ring[]): string | null => latest?.asked?.requestId ?? null

/**
 * As the call that was asked for, where it was asked for: the service joins the two when the PBX tells of it after all.
 */
async function saveOwn({ contactId, phone, ownId, rings, said }: Asked): Promise<Saved> {
  const requestId = requestIdOf(rings)
  const body = {
    id: ownId,
    direction: 'outbound' as const,
    entity_type: 'contacts',
    entity_id: contactId,
    phone_number: phone,
    ...said,
    ...(requestId === null ? {} : { dial_request_id: requestId }),
  }
  try {
    return ownCall(await answered(api.POST('/api/crm/calls', { body })), requestId)
  } catch (error) {
    // It was saved the first time, and only the answer was lost; or the PBX has told of it at this moment.
    if (!(error instanceof Problem) || error.status !== 409) throw error
    const call = await callNow(ownId, requestId)
    return call.id === ownId ? ownCall(await change(ownId, said), requestId) : sayOf(call, said)
  }
}

function ownCall(call: Call, requestId: string | null): Saved {
  heard.add(call.id)
  return {
    call,
    change: async (said) => {
      const { id } = await callNow(call.id, requestId)
      return { ...ownCall(call, requestId), call: await change(id, said) }
    },
    undo: async () => {
      heard.delete(call.id)
      await takeBack(call.id, requestId)
    },
  }
}

/** Of a call of which the PBX has told meanwhile, only what was said is taken back: it rang. */
async function takeBack(ownId: string, requestId: string | null): Promise<void> {
  const call = await callNow(ownId, requestId).catch((error: unknown) => {
    // Taken back before, and only the answer was lost.
    if (isGone(error)) return null
    throw error
  })
  if (call === null) return
  const { id, provider, revision } = call
  if (provider !== null) {
    await change(id, { call_status: null, resumen_llamada: null, call_result: null })
    return
  }
  const params = { path: { id }, header: { 'If-Match': `"${revision}"` } }
  try {
    await answered(api.DELETE('/api/crm/calls/{id}', { params }))
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 412) throw error
    await takeBack(ownId, requestId)
  }
}

/** A call of our own, or the one that it has become. */
async function callNow(ownId: string, requestId: string | null): Promise<Call> {
  return readCall((requestId === null ? null : await callIdOf(requestId)) ?? ownId)
}

const readCall = (id: string): Promise<Call> => answered(api.GET('/api/crm/calls/{id}', { params: { path: { id } } }))

/** Null also where the request is forgotten. */
async function callIdOf(request_id: string): Promise<string | null> {
  try {
    const params = { path: { request_id } }
    return (await answered(api.GET('/api/crm/calls/dial/{request_id}', { params }))).call_id
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null
    throw error
  }
}

/** The call that the PBX tells of, waited for so long. */
async function findReported({ contactId, since, rings }: Asked, waitMs: number): Promise<Call | null> {
  const until = performance.now() + waitMs
  for (;;) {
    const call = (await callOfRequest(requestIdOf(rings))) ?? (await callOfContact(contactId, since, rings))
    if (call !== null) return call
    if (performance.now() + LOOK_EVERY_MS > until) return null
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

async function callOfRequest(requestId: string | null): Promise<Call | null> {
  const id = requestId === null ? null : await callIdOf(requestId)
  if (id === null || heard.has(id)) return null
  const call = await readCall(id)
  return call.provider === null ? null : call
}

/**
 * The newest outgoing call to the contact that the PBX has told of since the lead was taken, from no other extension, and
 * of no earlier ring.
 */
async function callOfContact(entity_id: string, since: number, rings: readonly Ring[]): Promise<Call | null> {
  const started_from = new Date(since - SKEW_MS).toISOString()
  const query = { entity_id, direction: 'outbound' as const, started_from }
  const { data } = await answered(api.GET('/api/crm/calls', { params: { query } }))
  const reported = data.filter(({ id, provider }) => provider !== null && !heard.has(id))
  if (reported.length === 0) return null
  const extensions = new Set(rings.flatMap(({ asked }) => asked?.extension ?? []))
  const requests = rings.slice(1).flatMap(({ asked }) => asked?.requestId ?? [])
  const earlier = new Set(await Promise.all(requests.map(callIdOf)))
  const isOwn = ({ id, extension }: Call): boolean =>
    !earlier.has(id) && (extension === null || extensions.size === 0 || extensions.has(extension))
  return reported.find(isOwn) ?? null
}
