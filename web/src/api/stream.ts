import type { Told } from './changes.ts'

export interface StreamOptions {
  /** Asks for the stream, after the event whose number was heard last. */
  ask: (lastId: string | null, signal: AbortSignal) => Promise<Response>
  /** The number of the event that was heard last; null where none was. */
  lastId: string | null
  onTold: (told: Told, id: string) => void
  /** Told whether it is listened, as often as that is found out. */
  onLive: (isLive: boolean) => void
  /** Told that the service does not know who listens. */
  onStranger: () => void
  /** Where `online` is told: it is asked at once then. */
  online: EventTarget
  /** Ends it. */
  signal: AbortSignal
  /** The first wait before it is asked again; it doubles from one failure to the next. */
  firstWaitMs?: number
}

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000
/** The service gives a sign of life every 15 seconds: a connection on which none has come is dead. */
const SILENT_MS = 40_000

/** Listens to server-sent events until it is ended. A stream that breaks or is refused is asked for again and again. */
export async function keepListening(options: StreamOptions): Promise<void> {
  const { ask, onTold, onLive, onStranger, online, signal, firstWaitMs = FIRST_WAIT_MS } = options
  let { lastId } = options
  let failures = 0

  async function listenOnce(): Promise<{ retryAfterMs: number }> {
    const silence = new AbortController()
    let timer = setTimeout(() => silence.abort(), SILENT_MS)
    try {
      const response = await ask(lastId, AbortSignal.any([signal, silence.signal]))
      if (response.status === 401) onStranger()
      if (response.status !== 200 || response.body === null) {
        await response.body?.cancel()
        return { retryAfterMs: 1_000 * (Number(response.headers.get('retry-after')) || 0) }
      }
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (let text = ''; ; ) {
        const { done, value } = await reader.read()
        if (done) return { retryAfterMs: 0 }
        clearTimeout(timer)
        timer = setTimeout(() => silence.abort(), SILENT_MS)
        const blocks = (text + value).split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) hear(block)
      }
    } catch {
      return { retryAfterMs: 0 }
    } finally {
      clearTimeout(timer)
    }
  }

  function hear(block: string): void {
    const fields = new Map(block.split('\n').map((line) => [line.split(':')[0], line.replace(/^\w*: ?/, '')]))
    const [id, data] = [fields.get('id'), fields.get('data')]
    if (fields.get('event') !== 'changes' || id === undefined || data === undefined) return
    failures = 0
    lastId = id
    onLive(true)
    onTold(JSON.parse(data), id)
  }

  while (!signal.aborted) {
    const { retryAfterMs } = await listenOnce()
    if (signal.aborted) return
    onLive(false)
    // Not all at the same moment.
    const waitMs = Math.min(firstWaitMs * 2 ** failures++, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2)
    await waitOrOnline(Math.max(waitMs, Math.min(retryAfterMs, LONGEST_WAIT_MS)), online, signal)
  }
}

/** Waits, but no longer than until the browser has a connection again. */
function waitOrOnline(ms: number, online: EventTarget, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController()
    const end = () => {
      over.abort()
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end, { signal: over.signal })
    online.addEventListener('online', end, { signal: over.signal })
  })
}
