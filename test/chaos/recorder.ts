import { randomUUID } from 'node:crypto'

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** One request and what came back. Times are milliseconds since 1970 that never go back. */
export interface Exchange {
  method: Method
  path: string
  /** As it was sent. */
  body: Readonly<Record<string, unknown>>
  /** The `Idempotency-Key`; null where there was none. */
  key: string | null
  sentAt: number
  /** When the answer was there whole; null where none came. */
  answeredAt: number | null
  status: number | null
  retryAfter: string | null
  answer: Readonly<Record<string, unknown>> | null
}

/** What was asked, in its parts. */
export type Asked = Pick<Exchange, 'method' | 'path'> & Partial<Pick<Exchange, 'body' | 'key'>>

const GIVE_UP_AFTER_MS = 8_000

const now = (): number => performance.timeOrigin + performance.now()

/** Asks servers, and keeps every request with its answer: all that somebody outside can know. */
export class Recorder {
  readonly exchanges: Exchange[] = []
  readonly #apiKey: string

  constructor(apiKey: string) {
    this.#apiKey = apiKey
  }

  /** Asks once, and keeps it; whatever goes wrong is an exchange without an answer. */
  async ask(address: string, asked: Asked): Promise<Exchange> {
    const exchange: Exchange = {
      ...asked,
      body: asked.body ?? {},
      key: asked.key ?? null,
      sentAt: now(),
      answeredAt: null,
      status: null,
      retryAfter: null,
      answer: null,
    }
    this.exchanges.push(exchange)
    try {
      const response = await fetch(`${address}${asked.path}`, {
        method: asked.method,
        headers: {
          authorization: `Bearer ${this.#apiKey}`,
          ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(exchange.key === null ? {} : { 'idempotency-key': exchange.key }),
        },
        ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
        signal: AbortSignal.timeout(GIVE_UP_AFTER_MS),
      })
      const text = await response.text()
      exchange.answer = text === '' ? null : JSON.parse(text)
      exchange.status = response.status
      exchange.retryAfter = response.headers.get('retry-after')
      exchange.answeredAt = now()
    } catch {
      exchange.answer = null
    }
    return exchange
  }

  /** How many requests were answered with success, and how many not at all or with a 503. */
  counts(): { asked: number; acknowledged: number; unanswered: number; unavailable: number } {
    const count = (isSo: (exchange: Exchange) => boolean): number => this.exchanges.filter(isSo).length
    return {
      asked: this.exchanges.length,
      acknowledged: count(isAcknowledged),
      unanswered: count(({ status }) => status === null),
      unavailable: count(({ status }) => status === 503),
    }
  }
}

/** Whether the service has said that it is done. */
export const isAcknowledged = ({ status }: Pick<Exchange, 'status'>): boolean =>
  status !== null && status >= 200 && status < 300

/** A name that no other call has: it goes with each call as its `extension`, by which its record is found again. */
export const newName = (): string => randomUUID()
