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
 * do not take their answer, and those that are too many: where all connections are in use, the oldest on which nothing
 * is under way makes room, then the oldest whose request has not come whole.
 */
export function guardConnections(server: Server, { connections, paceMs, lookEveryMs }: Patience): void {
  /** In the order in which nothing has been under way. */
  const idle = new Set<Socket>()
  const busy = new Map<Socket, IncomingMessage>()
  const paces = new WeakMap<Socket, Pace>()

  server.on('connection', (socket: Socket) => {
    if (idle.size + busy.size >= connections) makeRoom(idle, busy)?.destroy()
    idle.add(socket)
    socket.once('close', () => {
      idle.delete(socket)
      busy.delete(socket)
    })
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    idle.delete(socket)
    busy.set(socket, request)
    response.once('close', () => {
      if (busy.get(socket) !== request) return
      busy.delete(socket)
      if (!socket.destroyed) idle.add(socket)
    })
  })

  const looking = setInterval(() => {
    const now = performance.now()
    let total = 0
    for (const socket of [...idle, ...busy.keys()]) {
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

/** Whose place another one gets; null where every request has come whole, and is being answered. */
function makeRoom(idle: ReadonlySet<Socket>, busy: ReadonlyMap<Socket, IncomingMessage>): Socket | null {
  for (const socket of idle) return socket
  for (const [socket, request] of busy) if (!request.complete) return socket
  return null
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
