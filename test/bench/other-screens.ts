import { keepListening } from '../../web/src/api/stream.ts'

export interface OtherScreen {
  close(): void
}

/** A page of leads asks for those that changed so often at most, and for how many there are. */
const ROWS_EVERY_MS = 250
const COUNT_EVERY_MS = 1_000

/** Listens as a page does that somebody else looks at elsewhere, and asks for what it would show, without showing it. */
export function listenAsScreen(address: string, key: string): OtherScreen {
  const leaving = new AbortController()
  const headers = { authorization: `Bearer ${key}` }
  const ask = async (path: string): Promise<void> => {
    const response = await fetch(`${address}/api/crm/opportunities${path}`, { headers, signal: leaving.signal })
    await response.arrayBuffer()
  }
  const changed = new Set<string>()
  let isBusy = false
  let countedAt = 0

  async function refresh(): Promise<void> {
    if (isBusy) return
    isBusy = true
    while (changed.size > 0 && !leaving.signal.aborted) {
      const ids = [...changed].slice(0, 100)
      for (const id of ids) changed.delete(id)
      await ask(`?include=contact&limit=100&ids=${ids}`)
      if (performance.now() - countedAt >= COUNT_EVERY_MS) {
        countedAt = performance.now()
        await ask('/count')
      }
      await new Promise((resolve) => setTimeout(resolve, ROWS_EVERY_MS))
    }
    isBusy = false
  }

  void keepListening({
    ask: (lastId, signal) =>
      fetch(`${address}/api/events`, {
        headers: { ...headers, ...(lastId === null ? {} : { 'last-event-id': lastId }) },
        signal,
      }),
    lastId: null,
    onChanges: ({ opportunity }) => {
      if (opportunity === undefined || opportunity === 'all') return
      for (const id of opportunity) changed.add(id)
      refresh().catch(() => undefined)
    },
    onLive: () => undefined,
    onStranger: () => undefined,
    online: new EventTarget(),
    signal: leaving.signal,
  })
  return { close: () => leaving.abort() }
}
