import { setTimeout as pause } from 'node:timers/promises'
import { signatureOf } from '../../src/zadarma/signature.ts'
import { createRandom } from './random.ts'
import type { NotificationFields, Scenario } from './scenario.ts'

/** Which fields an event signs, by the documentation. */
function signedText(fields: NotificationFields): string {
  const { event, caller_id = '', called_did = '', destination = '', internal = '', call_start = '' } = fields
  switch (event) {
    case 'NOTIFY_START':
    case 'NOTIFY_INTERNAL':
    case 'NOTIFY_END':
    case 'NOTIFY_IVR':
      return caller_id + called_did + call_start
    case 'NOTIFY_ANSWER':
      return caller_id + destination + call_start
    case 'NOTIFY_OUT_START':
    case 'NOTIFY_OUT_END':
      return internal + destination + call_start
    case 'NOTIFY_RECORD':
      return (fields.pbx_call_id ?? '') + (fields.call_id_with_rec ?? '')
    default:
      return fields.result ?? ''
  }
}

/** A notification as it is posted: headers and an urlencoded form. */
export function signedNotification(
  fields: NotificationFields,
  secret: string,
): { headers: Record<string, string>; body: string } {
  return {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'Zadarma API v1',
      signature: signatureOf(secret, signedText(fields)),
    },
    body: new URLSearchParams(fields).toString(),
  }
}

interface SendNotifications {
  secret: string
  seed: number
  /** How many of them are never sent: 0 to 1. */
  drop?: number
  /** How many are sent twice: 0 to 1. */
  double?: number
  /** Any order over all of them, else the order in which they happen. */
  shuffle?: boolean
  /** At most so long before each. */
  delayMs?: number
  /** How many at the same time. */
  concurrency?: number
  signal?: AbortSignal
}

/** What became of one that was sent. */
export interface Sent {
  event: string
  pbx_call_id: string
  /** 0 where there was no answer. */
  status: number
  ms: number
}

/** Posts the notifications of calls to an address, as Zadarma does but less politely; none is sent again. */
export async function sendNotifications(
  target: string,
  scenarios: readonly Scenario[],
  { secret, seed, drop = 0, double = 0, shuffle = false, delayMs = 0, concurrency = 1, signal }: SendNotifications,
): Promise<Sent[]> {
  const random = createRandom(seed)
  const kept = scenarios.flatMap(({ notifications }) => notifications).filter(() => !random.chance(drop))
  const all = kept.flatMap((fields) => (random.chance(double) ? [fields, fields] : [fields]))
  const queue = shuffle ? random.shuffled(all) : all
  const sent: Sent[] = []
  async function sendSome(): Promise<void> {
    for (let fields = queue.shift(); fields !== undefined; fields = queue.shift()) {
      if (delayMs > 0) await pause(random.between(0, delayMs), undefined, { signal })
      signal?.throwIfAborted()
      const start = performance.now()
      const status = await post(target, signedNotification(fields, secret), signal)
      const ms = performance.now() - start
      sent.push({ event: fields.event, pbx_call_id: fields.pbx_call_id ?? '', status, ms })
    }
  }
  await Promise.all(Array.from({ length: concurrency }, sendSome))
  return sent
}

async function post(
  target: string,
  notification: { headers: Record<string, string>; body: string },
  signal: AbortSignal | undefined,
): Promise<number> {
  try {
    const response = await fetch(target, { method: 'POST', ...notification, signal: signal ?? null })
    await response.arrayBuffer()
    return response.status
  } catch {
    signal?.throwIfAborted()
    return 0
  }
}
