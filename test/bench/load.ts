import autocannon from 'autocannon'
import { percentile } from './statistics.ts'

/** What a load came to. */
export interface LoadResult {
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** Requests that were not answered with 2xx. */
  failures: number
}

export interface LoadOptions {
  address: string
  key: string
  connections: number
  seconds: number
  /** Of these contacts one is called at random by each request. */
  contactIds: readonly string[]
}

/** Posts calls for random contacts, each connection one after the other, for some seconds. */
export async function load({ address, key, connections, seconds, contactIds }: LoadOptions): Promise<LoadResult> {
  // autocannon's own histogram knows whole milliseconds only.
  const times: number[] = []
  const running = autocannon({
    url: address,
    connections,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        path: '/api/crm/calls',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        setupRequest: (request) => ({ ...request, body: callOf(contactIds) }),
      },
    ],
  })
  running.on('response', (_client: unknown, _status: number, _bytes: number, time: number) => times.push(time))
  const result = await running
  return {
    perSecond: result['2xx'] / result.duration,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    failures: result.non2xx + result.errors,
  }
}

/** An orange call (A3), so that its opportunity stays open. */
function callOf(contactIds: readonly string[]): string {
  const now = new Date().toISOString()
  return JSON.stringify({
    direction: 'outbound',
    entity_type: 'contacts',
    entity_id: contactIds[Math.floor(Math.random() * contactIds.length)],
    call_status: 'no_answer',
    phone_number: '+34912345678',
    extension: '104',
    started_at: now,
    ended_at: now,
    duration_seconds: 0,
  })
}
