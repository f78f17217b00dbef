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
/** So long it may still tell of a call that was written down without it. */
const LATE_MS = 120_000
const LOOK_EVERY_MS = 500
const LOOK_LATER_EVERY_MS = 3_000
/** The PBX's clock and ours. */
const SKEW_MS = 60_000

/** Calls that have what somebody said of them: said of another one, it would be lost. */
const said = new Set<string>()

/**
 * Saves how a call went: on the call that the PBX tells of where there is one (B10), so that one ring is one attempt; else
 * as a call of our own.
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

async function saveOwn(asked: Asked): Promise<Saved> {
  const { lead, ownId: id, said: what, dialled } = asked
  const call = await makeOwn(id, lead, what)
  const late = new AbortController()
  const mended = dialled.length === 0 ? null : mendLater(asked, call.id, late.signal)
  return {
    call,
    undo: async () => {
      late.abort()
      const other = await mended
      if (other != null) await other.undo()
      else await answered(api.DELETE('/api/crm/calls/{id}', { params: { path: { id } } }))
    },
  }
}

async function makeOwn(id: string, { opportunity, contact }: Lead, { call_status, notes }: Said): Promise<Call> {
  const body = {
    id,
    direction: 'outbound' as const,
    entity_type: 'contacts',
    entity_id: opportunity.contact_id,
    phone_number: contact?.phones[0] ?? null,
    call_status,
    resumen_llamada: notes === '' ? null : notes,
  }
  try {
    return await answered(api.POST('/api/crm/calls', { body }))
  } catch (error) {
    // It was saved the first time, and only the answer was lost.
    if (!(error instanceof Problem) || error.status !== 409) throw error
    return change(id, { call_status, resumen_llamada: body.resumen_llamada })
  }
}

/** The PBX tells of the call after all: it is that one which counts, and ours goes. */
async function mendLater(asked: Asked, ownId: string, signal: AbortSignal): Promise<Saved | null> {
  const reported = await findReported(asked, LATE_MS, LOOK_LATER_EVERY_MS, signal).catch(() => null)
  if (reported === null || signal.aborted) return null
  try {
    await answered(api.DELETE('/api/crm/calls/{id}', { params: { path: { id: ownId } } }))
    return await sayOf(reported, asked.said)
  } catch {
    return null
  }
}

/** The call that the PBX tells of, waited for so long. */
async function findReported(
  { lead, since, dialled }: Asked,
  waitMs: number,
  everyMs = LOOK_EVERY_MS,
  signal?: AbortSignal,
): Promise<Call | null> {
  const until = performance.now() + waitMs
  for (;;) {
    const call = (await callOfRequest(dialled)) ?? (await callOfContact(lead, since, dialled))
    if (call !== null) return call
    if (performance.now() + everyMs > until || signal?.aborted) return null
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

async function callOfRequest(dialled: readonly Dialled[]): Promise<Call | null> {
  for (const { requestId: request_id } of dialled) {
    const { call_id } = await answered(
      api.GET('/api/crm/calls/dial/{request_id}', { params: { path: { request_id } } }),
    )
    if (call_id === null || said.has(call_id)) continue
    return answered(api.GET('/api/crm/calls/{id}', { params: { path: { id: call_id } } }))
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
