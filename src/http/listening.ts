import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Systemd, Docker and people wait ten seconds for the whole stop; every request is answered within two. */
const LAST_REQUESTS_MS = 5_000
const TIDY_EVERY_MS = 200

/**
 * Listens.
 *
 * @returns the address
 * @throws with a sentence for a person where it may not or cannot
 */
export async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  try {
    // Fastify would listen on every address of this name, and wait at a stop for the first one only.
    return await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    throw new Error(listenFault(code, host, port) ?? String(error), { cause: error })
  }
}

/** Whether it listens on all addresses of this machine, which a HOST can say in many ways (0.0.0.0, ::, 0). */
export function isOnEveryAddress(app: FastifyInstance): boolean {
  const address = app.server.address()
  return typeof address === 'object' && ['0.0.0.0', '::'].includes(address?.address ?? '')
}

function listenFault(code: unknown, host: string, port: number): string | null {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is taken, perhaps by another First Call. Stop that, or set PORT to another port.`
    case 'EACCES':
      return `this account may not listen on port ${port}. Set PORT to one above 1023.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine. Set HOST to one of its own, or to 127.0.0.1 for this machine only.`
    default:
      return null
  }
}

/**
 * Gives what ends HTTP: what was accepted is answered. Node alone would then wait for connections that are kept alive
 * after their answer, for those on which nothing has come yet (browsers keep such at hand), and for requests that never
 * come whole.
 */
export function closer(app: FastifyInstance): () => Promise<void> {
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return async () => {
    const tidying = setInterval(() => {
      app.server.closeIdleConnections()
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
    }, TIDY_EVERY_MS)
    const cutting = setTimeout(() => app.server.closeAllConnections(), LAST_REQUESTS_MS)
    await app.close()
    clearInterval(tidying)
    clearTimeout(cutting)
  }
}
