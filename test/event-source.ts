import { KEY } from './service.ts'

/** What is told at once. `all` is told of very many. */
type Told = { [Kind in string]?: string[] }

/** Somebody who listens to server-sent events. */
export interface EventSourceOfTest {
  /** Of the latest. */
  lastId: string
  /** What is told next that is meant. */
  until(isMeant: (told: Told) => boolean): Promise<Told>
  /** Until the service ends it. */
  ended(): Promise<void>
  close(): Promise<void>
}

/** Listens, with the admin's key unless another or none (null) is given; it resolves once something is there, which says that whatever comes next will be told. */
export async function eventsOf(url: string, headers: Record<string, string | null> = {}): Promise<EventSourceOfTest> {
  const leaving = new AbortController()
  const response = await fetch(url, {
    headers: Object.entries({ authorization: `Bearer ${KEY}`, ...headers }).filter(
      (header): header is [string, string] => header[1] !== null,
    ),
    signal: leaving.signal,
  })
  if (response.status !== 200 || response.body === null) throw new Error(await response.text())
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let first: Told | null = null

  async function next(): Promise<Told | null> {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const block = text.slice(0, end)
        text = text.slice(end + 2)
        const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s)))
        if (fields.data === undefined) continue
        source.lastId = fields.id
        return JSON.parse(fields.data)
      }
      const { done, value } = await reader.read()
      if (done) return null
      text += value
    }
  }

  const source: EventSourceOfTest = {
    lastId: '',
    async until(isMeant) {
      for (;;) {
        const told = first ?? (await next())
        first = null
        if (told === null) throw new Error('the stream has ended')
        if (isMeant(told)) return told
      }
    },
    async ended() {
      while ((await next()) !== null);
    },
    async close() {
      leaving.abort()
      await reader.cancel().catch(() => undefined)
    },
  }
  first = await next()
  return source
}
