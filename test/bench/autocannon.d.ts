/** The little of autocannon that the benchmark uses; the package brings no types. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  interface Request {
    method: 'POST'
    path: string
    headers: Record<string, string>
    body?: string
    setupRequest?: (request: Request) => Request
  }

  interface Options {
    url: string
    connections: number
    /** Seconds. */
    duration: number
    requests: Request[]
  }

  interface Result {
    /** Seconds. */
    duration: number
    '2xx': number
    non2xx: number
    errors: number
  }

  /** Emits `response` with client, status, bytes and time in milliseconds. */
  type Instance = EventEmitter & PromiseLike<Result>

  function autocannon(options: Options): Instance

  export = autocannon
}
