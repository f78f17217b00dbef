import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface FleetOptions {
  size: number
  /** What Node.js runs, in which folder. */
  program: readonly string[]
  cwd: string
  env: Readonly<Record<string, string>>
  /** What one of them has beside that. */
  envOf?: (place: number) => Readonly<Record<string, string>>
}

const STARTED_WITHIN_MS = 60_000
const STARTS = 5
const WORDS_KEPT = 20_000

/** Several services, each a process of its own, that can be killed and started again. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #children = new Map<number, ChildProcess>()
  readonly #addresses: string[] = []
  /** What they wrote to stderr of late. */
  words = ''
  kills = 0

  private constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Starts them all at once. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options)
    try {
      await Promise.all(Array.from({ length: options.size }, (_, place) => fleet.start(place)))
    } catch (error) {
      await fleet.close()
      throw error
    }
    return fleet
  }

  /** Where they listen, or last did. */
  readonly addresses = (): readonly string[] => this.#addresses

  address(place: number): string {
    return this.#addresses[place] ?? ''
  }

  isAlive(place: number): boolean {
    const child = this.#children.get(place)
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /**
   * Starts the one at this place, and waits until it listens.
   *
   * @throws with its last words where it ends before that, or does not in time
   */
  async start(place: number): Promise<void> {
    const { program, cwd, env, envOf } = this.#options
    if (this.isAlive(place)) throw new Error(`the service at place ${place} runs already`)
    const child = spawn(process.execPath, program, {
      cwd,
      env: { PATH: process.env.PATH, PORT: '0', LOG_LEVEL: 'error', ...env, ...envOf?.(place) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#children.set(place, child)
    child.stderr.on('data', (chunk: Buffer) => {
      this.words = (this.words + chunk.toString()).slice(-WORDS_KEPT)
    })
    const listening = new Promise<string>((resolve) => {
      let printed = ''
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString()
        const [address] = /http:\/\/[\w.]+:\d+/.exec(printed) ?? []
        if (address !== undefined) resolve(address)
      })
    })
    const late = AbortSignal.timeout(STARTED_WITHIN_MS)
    const ended = once(child, 'exit', { signal: late }).catch(() => undefined)
    const address = await Promise.race([listening, ended.then(() => null)])
    if (address === null) throw new Error(`a service did not start: ${this.words.slice(-2_000)}`)
    this.#addresses[place] = address
  }

  /** Ends the one at this place, if it lives, and waits until it is gone. Gives its exit code. */
  async end(place: number, signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#children.get(place)
    if (child === undefined || !this.isAlive(place)) return child?.exitCode ?? null
    const gone = once(child, 'exit')
    if (signal === 'SIGKILL') this.kills++
    child.kill(signal)
    await gone
    return child.exitCode
  }

  /** Kills it and starts it again; and once more, as whoever looks after services does, where the start meets a fault. */
  async restart(place: number): Promise<void> {
    await this.end(place, 'SIGKILL')
    for (let starts = 1; ; starts++) {
      try {
        return await this.start(place)
      } catch (error) {
        if (starts === STARTS) throw error
        await this.end(place, 'SIGKILL')
      }
    }
  }

  /** Ends them all, at once and whatever they are doing. */
  async close(): Promise<void> {
    await Promise.all([...this.#children.keys()].map((place) => this.end(place, 'SIGKILL')))
  }
}
