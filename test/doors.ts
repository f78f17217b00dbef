import type { AppOptions } from '../src/app.ts'
import type { ZadarmaConfig } from '../src/config.ts'
import { type RelinkOptions, waitingLinker } from '../src/contacts/relink.ts'
import { zadarmaApiOf } from '../src/zadarma/api.ts'
import { zadarmaMessages } from '../src/zadarma/door.ts'

/** What the account at Zadarma is to the tests. */
export const ZADARMA: ZadarmaConfig = {
  key: 'test-key',
  secret: 'test-secret',
  timezone: 'Europe/Madrid',
  apiUrl: 'http://127.0.0.1:1',
  webhookPathSecret: null,
  allowedIps: null,
  ownNumbers: [],
  reconcileMinutes: 15,
  recordingHosts: ['zadarma.com'],
  maxAgeHours: null,
}

type Parts = Pick<AppOptions, 'database' | 'register' | 'metrics' | 'log'>

/** What the application needs for the doors beside REST. */
export function doorsOf(
  { database, register, metrics, log }: Parts,
  zadarma: ZadarmaConfig = ZADARMA,
): Pick<AppOptions, 'zadarma' | 'zadarmaApi' | 'inbox' | 'linkWaiting' | 'recordingsDir'> & { relink: RelinkOptions } {
  // The calls of most tests took place on a fixed day.
  const relink = { database, register, days: 36_500, log }
  const readMessage = zadarmaMessages({ zadarma, country: 'ES', log })
  return {
    zadarma,
    zadarmaApi: zadarmaApiOf(zadarma, log),
    inbox: { database, register, metrics, readMessage, log },
    linkWaiting: waitingLinker(relink),
    recordingsDir: '/dev/null/recordings',
    relink,
  }
}
