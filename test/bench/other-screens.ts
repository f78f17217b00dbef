import { newsOf } from '../../web/src/api/changes.ts'
import { LISTS, paced, ROWS } from '../../web/src/api/pace.ts'
import { keepListening } from '../../web/src/api/stream.ts'

export interface OtherScreen {
  close(): void
}

/** Listens as a page of leads does, and asks as often for what it would show, without showing it. */
export function listenAsScreen(address: string, key: string): OtherScreen {
  const leaving = new AbortController()
  const { signal } = leaving
  const headers = { authorization: `Bearer ${key}` }
  const ask = async (path: string): Promise<void> => {
    const response = await fetch(`${address}/api/crm/opportunities${path}`, { headers, signal })
    await response.arrayBuffer()
  }
  /** Of leads that were not told, their ids. */
  const rows = paced<readonly string[]>({
    ...ROWS,
    merge: (some, more) => [...some, ...more],
    run: (ids) => (ids.length === 0 ? Promise.resolve() : ask(`?include=contact&limit=100&ids=${ids}`)),
  })
  const counts = paced<null>({ ...LISTS, merge: () => null, run: () => ask('/count') })

  void keepListening({
    ask: (lastId, whileAsking) =>
      fetch(`${address}/api/events?include=opportunities`, {
        headers: { ...headers, ...(lastId === null ? {} : { 'last-event-id': lastId }) },
        signal: whileAsking,
      }),
    lastId: null,
    onTold: (told) => {
      const { changes, leads } = newsOf(told)
      const { opportunity } = changes
      if (opportunity === undefined || opportunity === 'all') return
      rows.add(opportunity.filter((id) => !leads.has(id)))
      counts.add(null)
    },
    onLive: () => undefined,
    onStranger: () => undefined,
    online: new EventTarget(),
    signal,
  })
  return {
    close: () => {
      leaving.abort()
      rows.end()
      counts.end()
    },
  }
}
