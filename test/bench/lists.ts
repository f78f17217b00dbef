import { Agent, get } from 'node:http'
import type pg from 'pg'
import { formatInstant } from '../../src/attempts/attempt.ts'
import { writeCursor } from '../../src/http/cursor.ts'
import { percentile } from './statistics.ts'

/** How fast a list answered, in milliseconds. */
export interface ListResult {
  list: string
  first: Times
  /** Null where there is one page only. */
  deep: Times | null
}

interface Times {
  p50: number
  p99: number
  /** How many rows the page had. */
  rows: number
  /** How many requests were not answered with 200. */
  failures: number
}

interface ListCase {
  path: 'calls' | 'opportunities' | 'contacts' | 'queue' | 'opportunities/count'
  query: Record<string, string>
}

/** Each of the service's connections has to read the pages for the first time. */
const WARM_UPS = 20
/** A list that is far too slow is not waited for two hundred times. */
const LONGEST_MS = 4_000

/** Asks for each list with each filter, the first page and one in the middle of the data, one request at a time. */
export async function measureLists(
  client: pg.Client,
  address: string,
  key: string,
  requests: number,
): Promise<ListResult[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const results: ListResult[] = []
  const middle = await middleOfData(client)
  const cursorOf = async (path: ListCase['path'], query: ListCase['query']): Promise<string | null> => {
    if (path === 'opportunities/count') return null
    if (path === 'queue') return deepInQueue(`${address}/api/crm/queue`, key, agent)
    return middle[path === 'opportunities' && query.sort?.includes('last') ? 'attempts' : path]
  }
  for (const { path, query } of await listCases(client)) {
    const cursor = await cursorOf(path, query)
    const measure = async (given: Record<string, string>): Promise<Times> => {
      const url = `${address}/api/crm/${path}?${new URLSearchParams(given)}`
      return timesOf(url, key, agent, requests)
    }
    const list = `${path} ${Object.entries(query)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`.trim()
    results.push({
      list,
      first: await measure(query),
      deep: cursor === null ? null : await measure({ ...query, cursor }),
    })
  }
  agent.destroy()
  return results
}

async function timesOf(url: string, key: string, agent: Agent, requests: number): Promise<Times> {
  const times: number[] = []
  let rows = 0
  let failures = 0
  const start = performance.now()
  for (let request = -WARM_UPS; request < requests; request++) {
    const sentAt = performance.now()
    const { status, body } = await answerTo(url, key, agent)
    if (request >= 0) times.push(performance.now() - sentAt)
    if (status === 200) rows = (JSON.parse(body) as { data?: unknown[] }).data?.length ?? 0
    else failures++
    if (request >= WARM_UPS && performance.now() - start > LONGEST_MS) break
  }
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), rows, failures }
}

function answerTo(url: string, key: string, agent: Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization: `Bearer ${key}` } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
    }).on('error', reject)
  })
}

/** Cursors half way through each list. */
async function middleOfData(client: pg.Client) {
  const cursorAt = async (table: string, column: string): Promise<string> => {
    const { rows } = await client.query<{ moment: number; id: string }>(
      `select floor(extract(epoch from ${column}) * 1000)::float8 as moment, id from ${table}
       where ${column} is not null
       order by ${column} offset (select count(${column}) / 2 from ${table}) limit 1`,
    )
    const { moment = 0, id = NOBODY } = rows[0] ?? {}
    return writeCursor({ key: formatInstant(moment), id })
  }
  return {
    calls: await cursorAt('calls', 'happened_at'),
    opportunities: await cursorAt('lead_opportunities', 'created_at'),
    attempts: await cursorAt('lead_opportunities', 'last_contact_attempt_at'),
    contacts: await cursorAt('contacts', 'created_at'),
  }
}

const PAGES_DEEP = 20

/** Whoever works through a queue gets no further in a day. */
async function deepInQueue(url: string, key: string, agent: Agent): Promise<string | null> {
  let cursor: string | null = null
  for (let page = 0; page < PAGES_DEEP; page++) {
    const { body } = await answerTo(`${url}${cursor === null ? '' : `?cursor=${cursor}`}`, key, agent)
    const { next_cursor } = JSON.parse(body) as { next_cursor: string | null }
    if (next_cursor === null) break
    cursor = next_cursor
  }
  return cursor
}

const SORTS = ['-created_at', 'created_at', '-last_contact_attempt_at', 'last_contact_attempt_at']
const NOBODY = '00000000-0000-4000-8000-000000000000'

async function listCases(client: pg.Client): Promise<ListCase[]> {
  const { rows } = await client.query<{ entity_id: string; opportunity_id: string; phone_number: string }>(
    `select entity_id, opportunity_id, phone_number from calls where outcome = 'registered' order by happened_at limit 1`,
  )
  const known = rows[0] ?? { entity_id: NOBODY, opportunity_id: NOBODY, phone_number: '+34600000000' }
  const calls = [
    {},
    { entity_id: known.entity_id },
    { entity_id: NOBODY },
    { opportunity_id: known.opportunity_id },
    { opportunity_id: NOBODY },
    { phone_number: known.phone_number },
    { phone_number: '+34999999999' },
    { direction: 'outbound' },
    { direction: 'internal' },
    { call_status: 'Answered' },
    { call_status: 'rejected' },
    { call_status: 'unheard of' },
    { outcome: 'registered' },
    { outcome: 'limit_reached' },
    { outcome: 'pending' },
    { provider: 'pbx' },
    { provider: 'nobody' },
    { started_from: isoDaysAgo(30) },
    { started_to: isoDaysAgo(300) },
    { started_from: isoDaysAgo(200), started_to: isoDaysAgo(199) },
    { outcome: 'limit_reached', provider: 'dialer' },
    { direction: 'outbound', call_status: 'rejected', started_to: isoDaysAgo(100) },
  ]
  const filters = [
    {},
    { contact_id: known.entity_id },
    { contact_id: NOBODY },
    { status: 'contacted' },
    { status: 'won' },
    { status: 'unheard of' },
    { assigned_to: 'agent07@example.com' },
    { assigned_to: 'nobody@example.com' },
    { source: 'web' },
    { source: 'import' },
    { source: 'nowhere' },
    { first_call_completed: 'true' },
    { first_call_completed: 'false' },
    { attempts: '0' },
    { attempts: '5' },
    { last_status: 'green' },
    { last_status: 'red' },
  ]
  const searches = ['garcia', 'santiago', 'maria garcia', 'urquiola', 'ma', known.phone_number, 'nobody at all']
  const titles = ['hipoteca', 'curso de inglés en logroño', 'en']
  return [
    ...calls.map((query): ListCase => ({ path: 'calls', query: given(query) })),
    ...SORTS.flatMap((sort) =>
      filters.map((query): ListCase => ({ path: 'opportunities', query: given({ ...query, sort }) })),
    ),
    ...[...searches, ...titles].flatMap((q) =>
      ['-created_at', '-last_contact_attempt_at'].map(
        (sort): ListCase => ({ path: 'opportunities', query: { q, sort } }),
      ),
    ),
    { path: 'opportunities', query: { status: 'assigned', assigned_to: 'agent07@example.com' } },
    { path: 'opportunities', query: { status: 'won', source: 'import', last_status: 'green' } },
    { path: 'opportunities', query: { q: 'garcia', status: 'won' } },
    { path: 'opportunities/count', query: {} },
    { path: 'opportunities/count', query: { status: 'contacted' } },
    { path: 'opportunities/count', query: { attempts: '4', last_status: 'orange' } },
    { path: 'opportunities/count', query: { q: 'garcia' } },
    { path: 'queue', query: {} },
    { path: 'contacts', query: {} },
    ...searches.map((q): ListCase => ({ path: 'contacts', query: { q } })),
    { path: 'contacts', query: { phone: known.phone_number } },
    { path: 'contacts', query: { phone: '+34999999999' } },
  ]
}

const isoDaysAgo = (days: number): string =>
  `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`

/** Without the fields that another member of the union has. */
function given(query: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
