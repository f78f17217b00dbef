import { v7 as uuidv7 } from 'uuid'
import { formatInstant } from '../attempts/attempt.ts'
import { waitFor } from '../wait.ts'
import type { Chance } from './chance.ts'
import { drawCall, drawResult } from './month.ts'
import { drawContact } from './people.ts'
import type { Service } from './service.ts'

interface LiveOptions {
  service: Service
  chance: Chance
  agents: readonly string[]
  /** How many times as fast as people are. */
  speed?: number
  /** Told of each call, when it is over. */
  onCall: (words: string) => void
  signal: AbortSignal
}

interface Waiting {
  id: string
  contact_id: string
}

/** So many leads are looked at for one to call. */
const LOOKED_AT = 50
/** One in so many calls is to somebody who has just come in. */
const NEW_LEAD_SHARE = 0.15

/** Agents call, one call every few seconds, until the signal comes: it rings, and then has a result. */
export async function callLive(options: LiveOptions): Promise<void> {
  const { chance, agents, signal, speed = 1 } = options
  const atWork = agents.map(async (agent, place) => {
    await waitFor(place * 700, signal)
    for (;;) {
      await callOnce(agent, options)
      await waitFor(chance.between(1_500, 6_000) / speed, signal)
    }
  })
  await Promise.all(atWork).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

async function callOnce(
  agent: string,
  { service, chance, agents, onCall, signal, speed = 1 }: LiveOptions,
): Promise<void> {
  const lead =
    chance.number() < NEW_LEAD_SHARE ? await newLead(service, chance, agent) : await oneToCall(service, chance, agent)
  if (lead === null) return
  const { id, startedAt, seconds, notes, ...call } = drawCall(chance, drawResult(chance), Date.now())
  const extension = String(101 + agents.indexOf(agent))
  await service.ask('POST', '/api/crm/calls', {
    id,
    direction: call.direction,
    entity_type: 'contacts',
    entity_id: lead.contact_id,
    extension,
    started_at: formatInstant(startedAt),
  })
  await waitFor(chance.between(1_500, 5_000) / speed, signal)
  await service.ask('PATCH', `/api/crm/calls/${id}`, {
    call_status: call.status,
    duration_seconds: seconds,
    resumen_llamada: notes,
  })
  onCall(`${extension}: ${call.status}`)
}

async function oneToCall(service: Service, chance: Chance, agent: string): Promise<Waiting | null> {
  const query = `first_call_completed=false&assigned_to=${agent}&attempts=${chance.between(0, 3)}&limit=${LOOKED_AT}`
  const { data } = await service.ask<{ data: Waiting[] }>('GET', `/api/crm/opportunities?${query}`)
  return data.length === 0 ? null : chance.one(data)
}

async function newLead(service: Service, chance: Chance, agent: string): Promise<Waiting> {
  const contact_id = uuidv7()
  const { name, phone, email, timezone } = drawContact(chance, chance.between(5_000, 9_999))
  await service.ask('POST', '/api/crm/contacts', { id: contact_id, name, phones: [phone], email, timezone })
  return service.ask('POST', '/api/crm/opportunities', { contact_id, assigned_to: agent, source: 'web' })
}
