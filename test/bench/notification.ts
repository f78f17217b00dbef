import { randomBytes } from 'node:crypto'
import { formatAccountTime } from '../../src/zadarma/account-time.ts'
import { signatureOf } from '../../src/zadarma/signature.ts'
import type { Callable } from './data.ts'

/** Written once a second: the load is not to be about zones. */
const presentSecond = (() => {
  let second = 0
  let text = ''
  return (): string => {
    const now = Math.floor(Date.now() / 1_000)
    if (now !== second) text = formatAccountTime(now * 1_000, 'Europe/Madrid')
    second = now
    return text
  }
})()

/** The end of an outgoing call that nobody took, as the PBX posts it. */
export function notificationOf({ phone }: Callable, secret: string): { headers: Record<string, string>; body: string } {
  const internal = '104'
  const destination = phone.slice(1)
  const call_start = presentSecond()
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
