import type { Chore } from '../chores.ts'
import { type InboxOptions, sweepInbox } from './inbox.ts'
import { forgetMessages, inboxBacklog } from './store.ts'

const HANDLE_EVERY_MS = 1_000
const WATCH_EVERY_MS = 10_000
const FORGET_EVERY_MS = 3_600_000

/**
 * Handles the notifications that wait in the inbox, shows how much waits there, and forgets what was handled so many days
 * ago.
 */
export function inboxChores(
  options: InboxOptions,
  retentionDays: number,
  removeFiles: (names: readonly string[]) => Promise<void>,
): Chore[] {
  const { database, metrics } = options
  return [
    {
      name: 'handling of the inbox',
      everyMs: HANDLE_EVERY_MS,
      work: async () => (await sweepInbox(options)) > 0,
    },
    {
      name: 'look at the inbox',
      everyMs: WATCH_EVERY_MS,
      work: async () => {
        const { waiting, oldestSeconds } = await inboxBacklog(database)
        metrics.inbox.set(waiting)
        metrics.oldestInInboxSeconds.set(oldestSeconds)
        return false
      },
    },
    {
      name: 'forgetting of old messages',
      everyMs: FORGET_EVERY_MS,
      work: async () => (await forgetMessages(database, retentionDays, removeFiles)) > 0,
    },
  ]
}
