import { randomBytes } from 'node:crypto'
import { formatAccountTime } from '../../src/zadarma/account-time.ts'
import { signatureOf } from '../../src/zadarma/signature.ts'
import type { Callable } from './data.ts'

/** A notification as it is posted. */
interface Posted {
  headers: Record<string, string>
  body: string
}

/** So many begin in one second. */
const PER_SECOND = 2_000

/**
 * The ends of outgoing calls that nobody took, as the PBX posts them, of one contact after the other. They began in the
 * seconds before this one, the last of the list at first.
 */
export function notificationsOf(next: () => Callable, count: number, secret: string): Posted[] {
  const now = Math.floor(Date.now() / 1_000)
  const starts = Array.from({ length: Math.ceil(count / PER_SECOND) }, (_, second) =>
    formatAccountTime((now - second) * 1_000, 'Europe/Madrid'),
  )
  return Array.from({ length: count }, (_, place) =>
    notificationOf(next(), starts[Math.floor(place / PER_SECOND)] ?? '', secret),
  )
}

function notificationOf({ phone }: Callable, call_start: string, secret: string): Posted {
  const internal = '104'
  const destination = phone.slice(1)
  const fields = {
    event: 'NOTIFY_OUT_END',
    call_start,
    pbx_call_id: `out_${randomBytes(20).toString('hex')}`,
    caller_id: '34912345678',
    destination,
    internal,
    duration: '0',
    disposition: 'no answer',
    status_code: '16',
    is_recorded: '0',
  }
  return {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      signature: signatureOf(secret, internal + destination + call_start),
    },
    body: new URLSearchParams(fields).toString(),
  }
}
