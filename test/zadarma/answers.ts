import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { type AudioService, audioOf } from './audio.ts'
import type { Recording } from './scenario.ts'

/** What a request meets instead of an answer. */
export type Fault = 'limited-429' | 'limited-200' | '500' | 'reset' | 'hang' | 'redirect' | 'not-json' | 'endless'

const SLOW_CHUNKS = 20
const SLOW_CHUNK_MS = 100

/** An answer in JSON. */
export function sendJson(response: ServerResponse, status: number, json: string, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(json)
}

/**
 * Answers with a fault.
 *
 * @param resetAt when the rate limit has room again, as a Unix time
 * @param elsewhere where a redirect leads
 */
export function sendFault(response: ServerResponse, fault: Fault, resetAt: number, elsewhere: string): void {
  const limits = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(resetAt) }
  const exceeded = JSON.stringify({ status: 'error', message: 'You exceeded the rate limit by User Limits' })
  switch (fault) {
    case 'limited-429':
      sendJson(response, 429, exceeded, limits)
      return
    case 'limited-200':
      sendJson(response, 200, exceeded, limits)
      return
    case '500':
      sendJson(response, 500, JSON.stringify({ status: 'error', message: 'Internal error' }))
      return
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'hang':
      return
    case 'redirect':
      sendRedirect(response, elsewhere)
      return
    case 'not-json':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Maintenance</h1>')
      return
    case 'endless':
      sendEndlessly(response, 'application/json')
      return
    default:
      fault satisfies never
  }
}

/** Serves a recording, well or with a fault. */
export async function sendAudio(
  response: ServerResponse,
  { id, fileName }: Recording,
  service: AudioService,
  elsewhere: string,
): Promise<void> {
  const format = fileName.endsWith('.ogg') ? 'ogg' : 'mp3'
  const type = format === 'ogg' ? 'audio/ogg' : 'audio/mpeg'
  const audio = audioOf(id, format)
  const head = { 'content-type': type, 'content-length': String(audio.length) }
  switch (service) {
    case 'whole':
      response.writeHead(200, head).end(audio)
      return
    case 'slow':
      response.writeHead(200, head)
      for (let chunk = 0; chunk < SLOW_CHUNKS && !response.destroyed; chunk++) {
        const [from, to] = [chunk, chunk + 1].map((place) => Math.round((audio.length * place) / SLOW_CHUNKS))
        response.write(audio.subarray(from, to))
        await pause(SLOW_CHUNK_MS)
      }
      response.end()
      return
    case 'cut':
      response.writeHead(200, head).write(audio.subarray(0, audio.length / 2), () => response.socket?.destroy())
      return
    case 'endless':
      sendEndlessly(response, type)
      return
    case 'redirect':
      sendRedirect(response, elsewhere)
      return
    default:
      service satisfies never
  }
}

function sendRedirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end()
}

/** Until whoever reads has enough. */
function sendEndlessly(response: ServerResponse, type: string): void {
  response.writeHead(200, { 'content-type': type })
  const chunk = Buffer.alloc(65_536, ' ')
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', more)
  more()
}
