import { answered, api, Problem } from '../api/client.ts'
import type { components } from '../api/schema.d.ts'
import type { Dialled } from '../parts/call-button.tsx'
import type { Lead } from './queue.ts'

type Call = components['schemas']['Call']

/** What somebody says of a call. */
interface Said {
  call_status: string
  /** Empty: none. */
  notes: string
}

/** A call that was made or found, and what became of it. */
export interface Saved {
  call: Call
  /** Takes it back. */
  undo: () => Promise<void>
}

interface Asked {
  lead: Lead
  /** By the service's clock. */
  since: number
  /** What the PBX was asked for, latest first. */
  dialled: readonly Dialled[]
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
const said = new Set<string>()

/**
 * Saves how a call went: on the call that the PBX tells of where there is one (B10), so that one ring is one attempt; else
 * as a call of our own, which that one becomes.
 */
export async function saveOutcome(asked: Asked): Promise<Saved> {
  const reported = await findReported(asked, asked.dialled.length === 0 ? 0 : PBX_WAIT_MS)
  return reported === null ? saveOwn(asked) : sayOf(reported, asked.said)
}

async function sayOf(call: Call, { call_status, notes }: Said): Promise<Saved> {
  const body = { call_status, ...(notes === '' ? {} : { resumen_llamada: notes }) }
  const changed = await change(call.id, body)
  said.add(call.id)
  return {
    call: changed,
    undo: async () => {
      said.delete(call.id)
      await change(call.id, { call_status: call.call_status, resumen_llamada: call.resumen_llamada })
    },
  }
}

const change = (id: string, body: { call_status: string | null; resumen_llamada?: string | null }): Promise<Call> =>
  answered(api.PATCH('/api/crm/calls/{id}', { params: { path: { id } }, body }))

/**
 * As the call that was asked for, where it was asked for: the service joins the two when the PBX tells of it after all.
 */
async function saveOwn({ lead, ownId, said: what, dialled: [latest] }: Asked): Promise<Saved> {
  const requestId = latest?.requestId ?? null
  try {
    const call = await answered(api.POST('/api/crm/calls', { body: bodyOf(ownId, requestId, lead, what) }))
    return ownCall(call, requestId)
  } catch (error) {
    // It was saved the first time, and only the answer was lost; or the PBX has told of it at this moment.
    if (!(error instanceof Problem) || error.status !== 409) throw error
    const call = await callNow(ownId, requestId)
    const { call_status, notes } = what
    return call.id === ownId
      ? ownCall(await change(ownId, { call_status, resumen_llamada: notesOrNone(notes) }), requestId)
      : sayOf(call, what)
  }
}

const notesOrNone = (notes: string): string | null => (notes === '' ? null : notes)

const bodyOf = (
  id: string,
  requestId: string | null,
  { opportunity, contact }: Lead,
  { call_status, notes }: Said,
) => ({
  id,
  direction: 'outbound' as const,
  entity_type: 'contacts',
  entity_id: opportunity.contact_id,
  phone_number: contact?.phones[0] ?? null,
  call_status,
  resumen_llamada: notesOrNone(notes),
  ...(requestId === null ? {} : { dial_request_id: requestId }),
})

function ownCall(call: Call, requestId: string | null): Saved {
  said.add(call.id)
  return {
    call,
    undo: async () => {
      said.delete(call.id)
      await takeBack(call.id, requestId)
    },
  }
}

/** Of a call of which the PBX has told meanwhile, only what was said is taken back: it rang. */
async function takeBack(ownId: string, requestId: string | null): Promise<void> {
  const { id, provider, revision } = await callNow(ownId, requestId)
  if (provider !== null) {
    await change(id, { call_status: null, resumen_llamada: null })
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
  const id = (requestId === null ? null : await callIdOf(requestId)) ?? ownId
  return answered(api.GET('/api/crm/calls/{id}', { params: { path: { id } } }))
}

async function callIdOf(request_id: string): Promise<string | null> {
  const params = { path: { request_id } }
  return (await answered(api.GET('/api/crm/calls/dial/{request_id}', { params }))).call_id
}

/** The call that the PBX tells of, waited for so long. */
async function findReported({ lead, since, dialled }: Asked, waitMs: number): Promise<Call | null> {
  const until = performance.now() + waitMs
  for (;;) {
    const call = (await callOfRequest(dialled)) ?? (await callOfContact(lead, since, dialled))
    if (call !== null) return call
    if (performance.now() + LOOK_EVERY_MS > until) return null
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

async function callOfRequest(dialled: readonly Dialled[]): Promise<Call | null> {
  for (const { requestId } of dialled) {
    const id = await callIdOf(requestId)
    if (id === null || said.has(id)) continue
    const call = await answered(api.GET('/api/crm/calls/{id}', { params: { path: { id } } }))
    if (call.provider !== null) return call
  }
  return null
}

/** The newest outgoing call to the contact that the PBX has told of since the lead was taken, from no other extension. */
async function callOfContact({ opportunity }: Lead, since: number, dialled: readonly Dialled[]): Promise<Call | null> {
  const query = {
    entity_id: opportunity.contact_id,
    direction: 'outbound' as const,
    started_from: new Date(since - SKEW_MS).toISOString(),
  }
  const { data } = await answered(api.GET('/api/crm/calls', { params: { query } }))
  const extensions = new Set(dialled.map(({ extension }) => extension))
  const isOwn = ({ extension }: Call): boolean =>
    extension === null || extensions.size === 0 || extensions.has(extension)
  return data.find((call) => call.provider !== null && !said.has(call.id) && isOwn(call)) ?? null
}
