import type { Chore } from '../chores.ts'
import { type InboxOptions, sweepInbox } from './inbox.ts'
import { inboxBacklog } from './store.ts'

const HANDLE_EVERY_MS = 1_000
const WATCH_EVERY_MS = 10_000

/** Handles the notifications that wait in the inbox, and shows how much waits there. */
export function inboxChores(options: InboxOptions): Chore[] {
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
  ]
}
