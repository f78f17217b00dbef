import { everyMessage, messagesOf, type Replayed, replay } from '../inbox/replay.ts'
import type { MessageFilter } from '../inbox/store.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { doorsOf } from './doors.ts'
import { json } from './terminal.ts'

/**
 * Handles messages again, and says how many changed something.
 *
 * @param chosen ids, or what they are narrowed by
 */
export async function replayInbox(
  chosen: readonly string[] | MessageFilter,
  { json: isForMachines = false }: { json?: boolean },
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, fail, signal } = surroundings
  const counts: Record<Replayed['became'], number> = { changed: 0, unchanged: 0, kept: 0, failed: 0 }
  let handled = 0
  const failures: Pick<Replayed, 'id' | 'reason'>[] = []
  await withDatabase(surroundings, async (database, dataPlace) => {
    const pages = isIds(chosen) ? await messagesOf(database, chosen) : everyMessage(database, chosen)
    const { inbox, close } = doorsOf(database, dataPlace, surroundings)
    try {
      for await (const page of replay(pages, inbox, signal)) {
        handled += page.length
        for (const { id, became, reason } of page) {
          counts[became]++
          if (became === 'failed') failures.push({ id, reason })
        }
        terminal.progress(`${handled} messages`)
      }
    } finally {
      terminal.progress('')
      if (signal.aborted) terminal.note(`Ended after ${handled} messages; the others are as they were.`)
      await close()
      await inbox.register.drained()
    }
  })
  for (const { id, reason } of failures) terminal.note(`${id} failed: ${reason}`)
  const { changed, unchanged, kept, failed } = counts
  terminal.print(
    isForMachines
      ? json({ messages: handled, ...counts, failures })
      : `${handled} ${handled === 1 ? 'message' : 'messages'}: ${changed} changed something, ${unchanged} changed nothing, ` +
          `${kept} ${kept === 1 ? 'tells' : 'tell'} of no call, ${failed} failed.\n`,
  )
  if (failed > 0) fail()
}

const isIds = (chosen: readonly string[] | MessageFilter): chosen is readonly string[] => Array.isArray(chosen)
