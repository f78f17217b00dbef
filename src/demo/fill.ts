import { formatInstant } from '../attempts/attempt.ts'
import type { Database } from '../database/database.ts'
import { chanceOf } from './chance.ts'
import { recordingMail } from './mail.ts'
import { drawMonth, type Lead, type MadeUpCall } from './month.ts'
import type { Service } from './service.ts'
import { letIn, makeTeam } from './team.ts'

/** What was made, and with what one logs in. */
export interface Filled {
  leads: number
  calls: number
  recordings: number
  /** The ids of the agents. */
  agents: string[]
}

export interface FillOptions {
  database: Pick<Database, 'query'>
  service: Service
  /** Where people see the service. */
  publicUrl: string
  leads: number
  seed: number
  /** Milliseconds since 1970. */
  now: number
  /** Everybody's. */
  password: string
  /** Of the account at the PBX: e-mails write times by it. */
  timezone: string
  /** How many calls get a recording. */
  recordings: number
  onStep: (words: string) => void
  signal: AbortSignal
}

const CALLS_AT_ONCE = 500
const AT_ONCE = 8

/** Fills a service with a month of a sales team, through its API. The team can log in once all else is there. */
export async function fill(options: FillOptions): Promise<Filled> {
  const { service, leads: count, seed, now, timezone, onStep, signal } = options
  const chance = chanceOf(seed)
  onStep('people')
  const people = await makeTeam(options.database)
  const agents = people.flatMap(({ role, id }) => (role === 'agent' ? [id] : []))
  const places = agents.map((_, place) => place)
  const leads = drawMonth(chance, count, places, now)
  onStep('leads')
  await inTurns(leads, signal, (lead) => makeLead(service, lead, agents))
  const calls = leads
    .flatMap((lead) => lead.calls.map((call) => ({ lead, call })))
    .toSorted((a, b) => a.call.startedAt - b.call.startedAt)
  onStep('calls')
  for (let start = 0; start < calls.length; start += CALLS_AT_ONCE) {
    signal.throwIfAborted()
    const slice = calls.slice(start, start + CALLS_AT_ONCE)
    const { results } = await service.ask<{ results: { status: number }[] }>('POST', '/api/crm/calls/batch', {
      calls: slice.map(({ lead, call }) => callBody(lead, call)),
    })
    const refused = results.find(({ status }) => status >= 400)
    if (refused !== undefined) throw new Error(`A call was refused: ${JSON.stringify(refused)}`)
  }
  onStep('recordings')
  const heard = calls
    .filter(({ call }) => call.status === 'answered' && call.direction === 'outbound')
    .slice(-options.recordings)
  await inTurns(heard, signal, async ({ lead, call }) => {
    const extension = String(101 + (lead.agent ?? 0))
    await service.sendMail(recordingMail(chance, { phone: lead.contact.phone, extension, ...call }, timezone))
  })
  onStep('results')
  await inTurns(leads, signal, (lead) => closeLead(service, lead))
  onStep('passwords')
  await letIn(options.database, options)
  return { leads: leads.length, calls: calls.length, recordings: heard.length, agents }
}

async function makeLead(service: Service, lead: Lead, agents: readonly string[]): Promise<void> {
  const { name, phone, email, timezone } = lead.contact
  await service.ask('POST', '/api/crm/contacts', { id: lead.contactId, name, phones: [phone], email, timezone })
  await service.ask('POST', '/api/crm/opportunities', {
    id: lead.opportunityId,
    contact_id: lead.contactId,
    title: lead.title,
    source: lead.source,
    assigned_to: lead.agent === null ? null : (agents[lead.agent] ?? null),
    created_at: formatInstant(lead.createdAt),
  })
}

async function closeLead(service: Service, { opportunityId, closedAs }: Lead): Promise<void> {
  if (closedAs !== null) await service.ask('PATCH', `/api/crm/opportunities/${opportunityId}`, { status: closedAs })
}

/** A call as it is sent when it is over. */
function callBody({ contactId, contact, agent }: Lead, call: MadeUpCall) {
  const { id, direction, status, startedAt, seconds, notes } = call
  return {
    id,
    direction,
    entity_type: 'contacts',
    entity_id: contactId,
    phone_number: contact.phone,
    extension: String(101 + (agent ?? 0)),
    call_status: status,
    started_at: formatInstant(startedAt),
    answered_at: status === 'answered' ? formatInstant(startedAt + 8_000) : null,
    ended_at: formatInstant(startedAt + seconds * 1_000),
    duration_seconds: seconds,
    resumen_llamada: notes,
    created_at: formatInstant(startedAt),
  }
}

async function inTurns<Item>(
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      signal.throwIfAborted()
      await work(item)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
