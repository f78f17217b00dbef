import net from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Connection } from '../../src/database/database.ts'
import type { Random } from '../zadarma/random.ts'

type Place = Exclude<Connection, { connectionString: string }>

/** A connection of a service, and the one to PostgreSQL that belongs to it. */
interface Pair {
  client: net.Socket
  server: net.Socket
  /** Nothing of it passes any more. */
  isHeld: boolean
}

interface Trap {
  text: string
  when: 'question' | 'answer'
  caught: (reset: (() => void) | null) => void
}

const AT_MOST_BYTES = 20_000

/** Stands between services and their PostgreSQL on loopback, and breaks what passes, by chance that can be repeated. */
export class FaultProxy {
  readonly connection: Place
  readonly #server: net.Server
  readonly #target: net.NetConnectOpts
  readonly #random: Random
  readonly #pairs = new Set<Pair>()
  readonly #traps: Trap[] = []
  /** Who waits for a reset; the first one's is next. */
  readonly #resets: ((hasCome: boolean) => void)[] = []
  #bytesToReset = Number.POSITIVE_INFINITY
  #delayMs = 0
  #stall = Promise.resolve()

  private constructor(server: net.Server, target: Place, random: Random) {
    const { host, port } = target
    this.#server = server
    this.#target = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
    this.#random = random
    this.connection = { ...target, host: '127.0.0.1', port: (server.address() as net.AddressInfo).port }
    server.on('connection', (socket) => this.#meet(socket))
  }

  static async open(target: Connection, random: Random): Promise<FaultProxy> {
    if ('connectionString' in target) throw new Error('the proxy knows its server by host and port')
    const server = net.createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new FaultProxy(server, target, random)
  }

  /**
   * Resets the connection by which some byte of the next ones passes, in the middle of whatever it is.
   *
   * @returns whether it came to that before all was called off
   */
  resetSoon(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#resets.push(resolve)
      if (this.#resets.length === 1) this.#chooseByte()
    })
  }

  /** For so long, takes everything and passes it on only then. */
  async stall(ms: number): Promise<void> {
    this.#stall = wait(ms)
    await this.#stall
  }

  /** From now on everything comes so much later; 0 ends it. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  /**
   * Lets the next statement with this text be committed, and resets its connection before it is answered.
   *
   * @returns whether there was one before all was called off
   */
  async loseAnswer(text: string): Promise<boolean> {
    const reset = await this.holdNext(text, 'answer')
    reset?.()
    return reset !== null
  }

  /**
   * Holds the next connection on which a question with this text passes: before the question arrives, or once its answer
   * has come whole. Nothing passes there any more until it is reset by what this gives; null where all was called off before.
   */
  holdNext(text: string, when: Trap['when']): Promise<(() => void) | null> {
    return new Promise((caught) => this.#traps.push({ text, when, caught }))
  }

  /** Calls off what has not come about yet. */
  calm(): void {
    this.#delayMs = 0
    this.#bytesToReset = Number.POSITIVE_INFINITY
    for (const { caught } of this.#traps.splice(0)) caught(null)
    for (const resolve of this.#resets.splice(0)) resolve(false)
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) this.#reset(pair)
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #meet(client: net.Socket): void {
    const pair: Pair = { client, server: net.connect(this.#target), isHeld: false }
    this.#pairs.add(pair)
    for (const [socket, other] of [
      [pair.client, pair.server],
      [pair.server, pair.client],
    ] as const) {
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        this.#pairs.delete(pair)
        other.destroy()
      })
    }
    let awaited: Trap | null = null
    // Whoever asked may die before the answer: then the next one is caught.
    pair.server.on('close', () => {
      if (awaited !== null && !pair.isHeld) this.#traps.push(awaited)
    })
    this.#pass(pair, client, pair.server, (chunk) => {
      const trap = this.#traps.find(({ text }) => chunk.includes(text))
      if (trap === undefined || awaited !== null) return true
      this.#traps.splice(this.#traps.indexOf(trap), 1)
      if (trap.when === 'question') return this.#hold(pair, trap)
      awaited = trap
      return true
    })
    this.#pass(pair, pair.server, client, (chunk) => {
      if (awaited === null) return true
      return chunk.subarray(-6).equals(READY_FOR_QUERY) ? this.#hold(pair, awaited) : false
    })
  }

  /** Passes on what `may` lets through, in its order, however long it is held up. */
  #pass(pair: Pair, from: net.Socket, to: net.Socket, may: (chunk: Buffer) => boolean): void {
    let before = Promise.resolve()
    from.on('data', (chunk) => {
      if (pair.isHeld || !may(chunk)) return
      const room = this.#bytesToReset
      this.#bytesToReset -= chunk.byteLength
      if (chunk.byteLength >= room) {
        this.#resets.shift()?.(true)
        this.#chooseByte()
        to.write(chunk.subarray(0, room), () => this.#reset(pair))
        return
      }
      const delayMs = this.#delayMs
      const stall = this.#stall
      before = before.then(async () => {
        await stall
        if (delayMs > 0) await wait(delayMs)
        if (!to.destroyed) to.write(chunk)
      })
    })
  }

  #chooseByte(): void {
    const isAsked = this.#resets.length > 0
    this.#bytesToReset = isAsked ? this.#random.between(0, AT_MOST_BYTES) : Number.POSITIVE_INFINITY
  }

  #hold(pair: Pair, { caught }: Trap): false {
    pair.isHeld = true
    caught(() => this.#reset(pair))
    return false
  }

  #reset({ client, server }: Pair): void {
    client.resetAndDestroy()
    if (server.remotePort === undefined) server.destroy()
    else server.resetAndDestroy()
  }
}

/** PostgreSQL's last word on a statement that was committed. */
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])
