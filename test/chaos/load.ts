import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Random } from '../zadarma/random.ts'
import { type Asked, type Exchange, isAcknowledged, newName, type Recorder } from './recorder.ts'

/** Where the load goes, and what it consists of: how many of so many are what. */
export interface LoadOptions {
  recorder: Recorder
  random: Random
  /** Of the servers; some of them may be dead. */
  addresses: () => readonly string[]
  leads: readonly Lead[]
  writers: number
  mix: Readonly<Record<Act, number>>
  /** How often a call succeeds, 0 to 1: then its opportunity takes no more. */
  greens?: number | undefined
  /** Ends it; what is under way is still answered. */
  signal: AbortSignal
}

export interface Lead {
  contactId: string
  opportunityId: string
}

type Act = 'create' | 'change' | 'move' | 'delete' | 'close' | 'reopen'

/** Somewhat more is written than changed, and little is taken back. */
export const EVERYDAY: LoadOptions['mix'] = { create: 50, change: 30, move: 6, delete: 3, close: 0, reopen: 0 }
/** Everything that lets an attempt go, or come again. */
export const RESTLESS: LoadOptions['mix'] = { create: 10, change: 10, move: 50, delete: 2, close: 8, reopen: 20 }

const GREEN = ['completed', 'Answered ']
const OTHERS = ['no_answer', 'busy', 'rejected', 'failed', 'ringing', null]
const CLOSED = ['lost', 'won', 'discarded']
const ACTIVE = ['pending', 'assigned', 'contacted']
const START = Date.parse('2026-03-02T09:00:00Z')
const TRIES = 40
const NEXT_TRY_MS = 25

/** Makes so many contacts' opportunities. */
export async function makeLeads(
  { recorder, random, addresses }: Pick<LoadOptions, 'recorder' | 'random' | 'addresses'>,
  count: number,
): Promise<Lead[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const lead = { contactId: randomUUID(), opportunityId: randomUUID() }
      const body = { id: lead.opportunityId, contact_id: lead.contactId }
      await untilAnswered({ recorder, random, addresses }, { method: 'POST', path: '/api/crm/opportunities', body })
      return lead
    }),
  )
}

/** Writes as many clients do who try again until they are answered. */
export async function load(options: LoadOptions): Promise<void> {
  const ids: string[] = []
  await Promise.all(
    Array.from({ length: options.writers }, async () => {
      while (!options.signal.aborted) await actOnce(options, ids)
    }),
  )
}

/** Asks one server, and the next one where there is no answer or only a 503; gives the last exchange. */
async function untilAnswered(
  { recorder, random, addresses }: Pick<LoadOptions, 'recorder' | 'random' | 'addresses'>,
  asked: Asked,
): Promise<Exchange> {
  for (let tries = 1; ; tries++) {
    const exchange = await recorder.ask(random.pick(addresses()), asked)
    if ((exchange.status !== null && exchange.status !== 503) || tries === TRIES) return exchange
    await wait(NEXT_TRY_MS)
  }
}

async function actOnce(options: LoadOptions, ids: string[]): Promise<void> {
  const { random, mix } = options
  const act = ids.length < 10 ? 'create' : pickAct(random, mix)
  if (act === 'create') return create(options, ids)
  const path = `/api/crm/calls/${random.pick(ids)}`
  const { contactId, opportunityId } = random.pick(options.leads)
  const opportunity = `/api/crm/opportunities/${opportunityId}`
  const asked: Record<Exclude<Act, 'create'>, Asked> = {
    change: { method: 'PATCH', path, body: someChange(options) },
    move: { method: 'PATCH', path, body: { entity_id: contactId } },
    delete: { method: 'DELETE', path },
    close: { method: 'PATCH', path: opportunity, body: { status: random.pick(CLOSED) } },
    reopen: { method: 'PATCH', path: opportunity, body: { status: random.pick(ACTIVE) } },
  }
  await untilAnswered(options, asked[act])
}

function pickAct(random: Random, mix: LoadOptions['mix']): Act {
  const acts = Object.keys(mix) as Act[]
  return random.pick(acts.flatMap((act) => Array<Act>(mix[act]).fill(act)))
}

/** A new call, told in one of three ways, and now and then twice at the same moment. */
async function create(options: LoadOptions, ids: string[]): Promise<void> {
  const { random } = options
  const name = newName()
  const way = random.pick(['id', 'provider', 'key'] as const)
  const body = {
    ...(way === 'id' ? { id: randomUUID() } : {}),
    ...(way === 'provider' ? { provider: 'pbx', provider_call_id: name } : {}),
    extension: name,
    direction: random.chance(0.95) ? 'outbound' : 'inbound',
    ...linkOf(options),
    call_status: someStatus(options),
    ...(random.chance(0.6) ? { started_at: someTime(random) } : {}),
    ...(random.chance(0.3) ? { call_result: someText(random) } : {}),
  }
  const asked: Asked = { method: 'POST', path: '/api/crm/calls', body, key: way === 'key' ? name : null }
  const times = random.chance(0.15) ? 2 : 1
  const answers = await Promise.all(Array.from({ length: times }, () => untilAnswered(options, asked)))
  const id = body.id ?? answers.find(isAcknowledged)?.answer?.id
  if (typeof id === 'string') ids.push(id)
}

function linkOf({ random, leads }: LoadOptions): object {
  if (random.chance(0.02)) return { entity_type: 'contacts', entity_id: randomUUID() }
  if (random.chance(0.02)) return { entity_type: 'companies', entity_id: randomUUID() }
  if (random.chance(0.02)) return {}
  return { entity_type: 'contacts', entity_id: random.pick(leads).contactId }
}

function someChange({ random, greens }: Pick<LoadOptions, 'random' | 'greens'>): Record<string, unknown> {
  const changes = [
    { call_status: someStatus({ random, greens }) },
    { resumen_llamada: random.chance(0.8) ? someText(random) : null },
    { call_result: someText(random), call_status: someStatus({ random, greens }) },
    { started_at: random.chance(0.9) ? someTime(random) : null },
    { direction: random.chance(0.7) ? 'outbound' : 'inbound' },
  ]
  return random.pick(changes)
}

const someStatus = ({ random, greens = 0.25 }: Pick<LoadOptions, 'random' | 'greens'>): string | null =>
  random.pick(random.chance(greens) ? GREEN : OTHERS)

/** Few minutes, so that calls often take place at the same time. */
const someTime = (random: Random): string => new Date(START + random.between(0, 60) * 60_000).toISOString()
const someText = (random: Random): string => `Llamar mañana, ${random.between(1, 1_000_000)}`
