import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { sendRefusal } from './errors.ts'
import { HEADERS } from './headers.ts'
import { refusal } from './refusal.ts'

/*
 * What Node would answer by itself, before any route and without a body: told as problem documents too.
 */

function problemText(status: number, detail: string): { title: string; body: string; headers: Record<string, string> } {
  const title = STATUS_CODES[status] ?? 'Bad Request'
  const body = JSON.stringify({ type: 'about:blank', title, status, detail })
  const length = String(Buffer.byteLength(body))
  return {
    title,
    body,
    headers: { ...HEADERS, 'content-type': 'application/problem+json', 'content-length': length, connection: 'close' },
  }
}

const LINGER_MS = 1_000

/** Answers what Node's HTTP parser refuses on the socket itself. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const { title, body, headers } = problemText(status, 'The request is not valid HTTP.')
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`)
  // Whoever does not hang up now is not waited for; cut at once, what still comes in would take the answer with it.
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

/** Answers a request that expects what no server can do: anything but `100-continue` (RFC 9110, 10.1.1). */
export function refuseExpectations(server: Server): void {
  server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
    const { body, headers } = problemText(417, 'Of Expect only 100-continue is known.')
    response.writeHead(417, headers).end(body)
  })
}

/**
 * Refuses a request without `Host`, or with two, of which a proxy may have looked at the other one (RFC 9112, 3.2); Node is
 * told to leave this to us.
 */
export function requireHost({ raw }: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const hosts = timesSent(raw, 'host')
  if (hosts === 1 || (hosts === 0 && raw.httpVersion === '1.0')) done()
  else sendRefusal(reply, refusal('malformed', 'Send the header Host, once.'))
}

/** How many headers of a name, in lower case, came with a request: of two, Node gives the first alone. */
export function timesSent({ rawHeaders }: IncomingMessage, name: string): number {
  let times = 0
  // Names and values take turns.
  for (let place = 0; place < rawHeaders.length; place += 2) if (rawHeaders[place]?.toLowerCase() === name) times++
  return times
}
