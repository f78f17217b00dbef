import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import type { Place } from './embedded-place.ts'
import { leave } from './embedded-presence.ts'

const RETRY_MS = 2_000

/**
 * Keeps us in: whenever the connection is lost, `comeIn` comes in again, to a server that it starts if there is none.
 * So a server that crashes or is killed comes back by itself. `leaving` ends that.
 * @returns what leaves the server, and stops it if nobody else is connected
 */
export function stayIn(
  place: Place,
  first: pg.Client,
  comeIn: () => Promise<pg.Client>,
  leaving: AbortController,
  log: (message: string) => void,
): () => Promise<'stopped' | 'left running'> {
  let present: pg.Client | undefined
  let returning = watch(first)

  async function watch(client: pg.Client): Promise<void> {
    present = client
    const onLost = () => {
      if (present !== client) return
      present = undefined
      if (!leaving.signal.aborted) returning = comeBack()
    }
    client.once('end', onLost)
    // It may have been lost before anybody listened.
    await client.query('select').catch(onLost)
  }

  async function comeBack(): Promise<void> {
    log('The connection to PostgreSQL was lost: connecting again, and starting it if it is gone.')
    while (!leaving.signal.aborted) {
      try {
        return await watch(await comeIn())
      } catch (error) {
        if (leaving.signal.aborted) return
        log(error instanceof Error ? error.message : String(error))
        await setTimeout(RETRY_MS, undefined, { signal: leaving.signal }).catch(() => {})
      }
    }
  }

  return async () => {
    leaving.abort()
    await returning
    return leave(present, place)
  }
}
