import net from 'node:net'
import type { Connection } from '../src/database/database.ts'

type Mode = 'forward' | 'refuse' | 'swallow'
type Cut = 'the question' | 'the answer'

/** A proxy before PostgreSQL that can go away, fall silent, or lose one answer. */
export class Gate {
  readonly #server: net.Server
  readonly #target: net.NetConnectOpts
  readonly #sockets = new Set<net.Socket>()
  #mode: Mode = 'forward'
  #cut: Cut | null = null
  connection: Connection

  private constructor(server: net.Server, connection: Exclude<Connection, { connectionString: string }>) {
    const { host, port } = connection
    this.#server = server
    this.#target = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
    this.connection = connection
    server.on('connection', (socket) => this.#meet(socket))
  }

  static async open(connection: Connection): Promise<Gate> {
    if ('connectionString' in connection) throw new Error('the tests know their server by host and port')
    const server = net.createServer()
    const proxy = new Gate(server, connection)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    proxy.connection = { ...connection, host: '127.0.0.1', port: address.port }
    return proxy
  }

  /** New connections reach the server; those that were swallowed stay dead. */
  forward(): void {
    this.#mode = 'forward'
  }

  /** As a server that is not there. */
  refuse(): void {
    this.#mode = 'refuse'
    for (const socket of this.#sockets) socket.destroy()
  }

  /** As a server that hangs: takes everything, says nothing. */
  swallow(): void {
    this.#mode = 'swallow'
    for (const socket of this.#sockets) socket.unpipe().removeAllListeners('data').resume()
  }

  /** Cuts the connection once, when an opportunity is next written: before the question arrives, or after it was carried out. */
  cutOnce(cut: Cut): void {
    this.#cut = cut
  }

  get hasCut(): boolean {
    return this.#cut === null
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #meet(client: net.Socket): void {
    this.#keep(client)
    if (this.#mode === 'refuse') client.destroy()
    if (this.#mode === 'swallow') client.resume()
    if (this.#mode !== 'forward') return
    const server = net.connect(this.#target)
    this.#keep(server)
    let isLosingAnswer = false
    const end = (): void => {
      client.destroy()
      server.destroy()
    }
    client.on('close', end)
    server.on('close', end)
    client.on('data', (chunk) => {
      if (this.#cut !== null && /write_[01]/.test(chunk.toString('latin1'))) {
        isLosingAnswer = this.#cut === 'the answer'
        this.#cut = null
        if (!isLosingAnswer) return end()
      }
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (!isLosingAnswer) client.write(chunk)
      else if (chunk.subarray(-6).equals(READY_FOR_QUERY)) end()
    })
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

/** PostgreSQL's last word on a statement that was committed. */
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])
