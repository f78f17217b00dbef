import net from 'node:net'

/** Stands between a reader and its mail server, and breaks what passes. */
export interface FaultProxy {
  port: number
  /** Bytes that have passed, both ways. */
  passed(): number
  connections(): number
  /** Resets the connection over which byte number so many from now passes; once. */
  resetAfter(bytes: number): void
  /** Resets every connection that there is. */
  reset(): void
  /** From now on takes everything and passes nothing on, whoever connects. */
  stall(): void
  /** New connections reach the server; those that stalled stay silent. */
  forward(): void
  close(): Promise<void>
}

/** Starts it on loopback. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const sockets = new Set<net.Socket>()
  let passed = 0
  let connections = 0
  let resetAt = Number.POSITIVE_INFINITY
  let isStalled = false

  const keep = (socket: net.Socket): void => {
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = net.createServer((client) => {
    connections++
    const target = net.connect(targetPort, '127.0.0.1')
    let isSilent = false
    keep(client)
    keep(target)
    const pass = (from: net.Socket, to: net.Socket): void => {
      from.on('data', (chunk) => {
        isSilent ||= isStalled
        if (isSilent) return
        const room = resetAt - passed
        passed += Math.min(chunk.byteLength, room)
        if (chunk.byteLength < room) return void to.write(chunk)
        resetAt = Number.POSITIVE_INFINITY
        to.write(chunk.subarray(0, room), () => {
          client.resetAndDestroy()
          target.resetAndDestroy()
        })
      })
      from.on('end', () => isSilent || to.end())
      from.on('close', () => isSilent || to.destroy())
    }
    pass(client, target)
    pass(target, client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    passed: () => passed,
    connections: () => connections,
    resetAfter: (bytes) => {
      resetAt = passed + bytes
    },
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    stall: () => {
      isStalled = true
    },
    forward: () => {
      isStalled = false
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
