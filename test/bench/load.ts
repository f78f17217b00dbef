import autocannon from 'autocannon'
import type { Callable } from './data.ts'
import { notificationsOf } from './notification.ts'
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
  /** Called in turn: nobody is called twice in one second, which a person would have to look at. */
  contacts: readonly Callable[]
  /** By which door the calls come. */
  door: 'rest' | 'zadarma'
}

/** Sends calls to the contacts, each connection one after the other, for some seconds. */
export async function load({ address, key, connections, seconds, contacts, door }: LoadOptions): Promise<LoadResult> {
  // autocannon's own histogram knows whole milliseconds only.
  const times: number[] = []
  const next = inTurn(contacts)
  // Made before: the PBX's work is not a part of the load.
  const notifications = door === 'rest' ? [] : notificationsOf(next, seconds * MOST_PER_SECOND, key)
  const running = autocannon({
    url: address,
    connections,
    duration: seconds,
    requests: [
      door === 'rest'
        ? {
            method: 'POST',
            path: '/api/crm/calls',
            headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
            setupRequest: (request) => ({ ...request, body: callOf(next()) }),
          }
        : {
            method: 'POST',
            path: '/api/zadarma/webhook',
            headers: {},
            // The key of the API is the secret of the PBX here.
            setupRequest: (request) => ({ ...request, ...notifications.pop() }),
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

/** More than any machine takes; after the last one, requests would fail. */
const MOST_PER_SECOND = 10_000

function inTurn(contacts: readonly Callable[]): () => Callable {
  let called = 0
  return () => {
    const contact = contacts[called++ % contacts.length]
    if (contact === undefined) throw new Error('there is nobody to call')
    return contact
  }
}

/** An orange call (A3), so that its opportunity stays open. */
function callOf({ id, phone }: Callable): string {
  const now = new Date().toISOString()
  return JSON.stringify({
    direction: 'outbound',
    entity_type: 'contacts',
    entity_id: id,
    call_status: 'no_answer',
    phone_number: phone,
    extension: '104',
    started_at: now,
    ended_at: now,
    duration_seconds: 0,
  })
}
