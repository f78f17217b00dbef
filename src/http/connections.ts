import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How long a client may take, and how many there may be. */
export interface Patience {
  /** For the head of a request, and for all of it. */
  headersMs: number
  requestMs: number
  /** Whoever takes less than {@link LEAST_BYTES} of an answer in this time is cut off. */
  paceMs: number
  /** So often late ones are looked for, and so much later they are gone. */
  lookEveryMs: number
  connections: number
}

/** None that is too slow is there for half a minute. */
export const PATIENCE: Patience = {
  headersMs: 12_000,
  requestMs: 24_000,
  paceMs: 16_000,
  lookEveryMs: 2_000,
  connections: 2_000,
}

/** In 16 s: less than any telephone takes. */
const LEAST_BYTES = 32 * 1024
/** Of all answers that have not been taken yet. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024

interface Pace {
  since: number
  sent: number
}

/**
 * Keeps slow clients from costing more than they may. Node itself cuts those that send too slowly; here are those that
 * do not take their answer, and those that are too many: where all connections are in use, one makes room, and where none
 * can, as all are being answered, the new one is refused.
 */
export function guardConnections(server: Server, { connections, paceMs, lookEveryMs }: Patience): void {
  /** Each with the answer to its latest request, in the order in which they came. */
  const answers = new Map<Socket, ServerResponse | null>()
  const paces = new WeakMap<Socket, Pace>()

  server.on('connection', (socket: Socket) => {
    if (answers.size >= connections) {
      const missed = leastMissed(answers) ?? socket
      missed.destroy()
      if (missed === socket) return
    }
    answers.set(socket, null)
    socket.once('close', () => answers.delete(socket))
  })
  // Of each request: no more than this, which a busy server does not feel.
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (answers.has(socket)) answers.set(socket, response)
  })

  const looking = setInterval(() => {
    const now = performance.now()
    let total = 0
    for (const socket of answers.keys()) {
      const waiting = waitingBytes(socket)
      if (waiting === 0) {
        paces.delete(socket)
        continue
      }
      total += waiting
      const sent = sentBytes(socket)
      const pace = paces.get(socket)
      if (pace === undefined) paces.set(socket, { since: now, sent })
      else if (now - pace.since >= paceMs) {
        if (sent - pace.sent < LEAST_BYTES) socket.destroy()
        else paces.set(socket, { since: now, sent })
      }
      if (total > MOST_WAITING_BYTES) socket.destroy()
    }
  }, lookEveryMs)
  looking.unref()
  server.once('close', () => clearInterval(looking))
}

/**
 * Whose place another one gets: the oldest that has asked for nothing yet, else the oldest whose request has not come
 * whole, else the oldest on which nothing is under way. Null where all are being answered.
 */
function leastMissed(answers: ReadonlyMap<Socket, ServerResponse | null>): Socket | null {
  let incomplete: Socket | null = null
  let idle: Socket | null = null
  for (const [socket, answer] of answers) {
    if (answer === null) return socket
    if (!answer.req.complete) incomplete ??= socket
    else if (answer.writableFinished) idle ??= socket
  }
  return incomplete ?? idle
}

/** What Node's own sockets look at to tell a slow reader from one that has stopped. */
interface Handle {
  _handle?: { bytesWritten?: number; writeQueueSize?: number } | null
}

/** What the system has not taken yet. */
const waitingBytes = (socket: Socket): number =>
  Math.min(socket.writableLength, (socket as Handle)._handle?.writeQueueSize || socket.writableLength)

const sentBytes = (socket: Socket): number => {
  const { bytesWritten = 0, writeQueueSize = 0 } = (socket as Handle)._handle ?? {}
  return bytesWritten - writeQueueSize
}
