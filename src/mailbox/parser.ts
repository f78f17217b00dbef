import { Worker } from 'node:worker_threads'
import { MailError, type ParsedMail } from './mail.ts'
import type { AudioPlace } from './parse.ts'
import type { ReadMailSettings, RecordingMail } from './recording-mail.ts'

/** A message to read: its bytes, or where its file is. */
export interface MailQuestion {
  raw: Uint8Array | string
  /** Null where only its text is wanted. */
  place: AudioPlace | null
}

/** A message as it was read, with what it tells. */
export interface ReadMail {
  mail: ParsedMail
  facts: RecordingMail
}

/** `fault`: of the message. `trouble`: of the system, and none of the message. */
export type MailAnswer = { read: ReadMail } | { fault: string } | { trouble: string }

/** What the thread says once it has started: it can read. */
export const READY = 'ready'

export interface ParserLimits {
  /** A message that takes longer is given up. */
  longestMs: number
  /** And so is one that takes more of the heap; what is read or written as it streams by does not count. */
  heapMb: number
  /** The thread ends when nothing was to be read for so long. */
  idleMs: number
}

const LIMITS: ParserLimits = { longestMs: 60_000, heapMb: 128, idleMs: 60_000 }

/** Thrown where a message cannot be read at the moment, and that is not its own fault. */
export class MailTroubleError extends Error {
  override name = 'MailTroubleError'
}

/**
 * Reads messages of strangers, one at a time, in a thread of its own: no event loop waits for a pattern that never ends,
 * and a message that takes too much time or memory ends the thread, not the process.
 */
export class ParserThread {
  readonly #settings: ReadMailSettings
  readonly #limits: ParserLimits
  #worker: Worker | null = null
  #isReady = false
  #last: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  #isClosed = false

  /** No thread is made before the first message. */
  constructor(settings: ReadMailSettings, limits: Partial<ParserLimits> = {}) {
    this.#settings = settings
    this.#limits = { ...LIMITS, ...limits }
  }

  /**
   * Reads a message and keeps its recordings as files, where it is said where.
   *
   * @throws MailError where that fails by a fault of the message; {@link MailTroubleError} where it fails otherwise
   */
  read(question: MailQuestion): Promise<ReadMail> {
    const read = this.#last.then(() => this.#read(question))
    this.#last = read.catch(() => undefined)
    return read
  }

  /** Whether there is a thread at the moment. */
  get isRunning(): boolean {
    return this.#worker !== null
  }

  /** Ends the thread, whatever it is at. Nothing is read afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#end()
  }

  async #read(question: MailQuestion): Promise<ReadMail> {
    if (this.#isClosed) throw stopping()
    clearTimeout(this.#idle)
    const answer = await this.#ask(question)
    this.#idle = setTimeout(() => void this.#end(), this.#limits.idleMs).unref()
    if ('fault' in answer) throw new MailError(answer.fault)
    if ('trouble' in answer) throw new MailTroubleError(answer.trouble)
    return answer.read
  }

  async #ask(question: MailQuestion): Promise<MailAnswer> {
    this.#worker ??= this.#start()
    const worker = this.#worker
    let isAlive = false
    let stopWaiting = (): void => undefined
    const answer = await new Promise<MailAnswer>((resolve) => {
      const { longestMs, heapMb } = this.#limits
      // On a busy machine its start takes longer than many a message, and is no fault of this one.
      let timer = setTimeout(() => resolve({ trouble: DOES_NOT_START }), STARTED_WITHIN_MS)
      const begin = (): void => {
        clearTimeout(timer)
        timer = setTimeout(() => resolve({ fault: tooLong }), longestMs)
      }
      const onMessage = (given: MailAnswer | typeof READY): void => {
        if (given === READY) {
          this.#isReady = true
          begin()
          return
        }
        isAlive = true
        resolve(given)
      }
      const onError = (error: NodeJS.ErrnoException): void => resolve({ fault: faultOf(error, heapMb) })
      const onExit = (): void => resolve(this.#isClosed ? { trouble: STOPPING } : { fault: ENDED })
      const tooLong = `Reading the message took longer than ${longestMs / 1_000} s.`
      if (this.#isReady) begin()
      stopWaiting = () => {
        clearTimeout(timer)
        worker.off('message', onMessage).off('error', onError).off('exit', onExit).unref()
      }
      worker.on('message', onMessage).on('error', onError).on('exit', onExit).ref()
      worker.postMessage(question)
    })
    stopWaiting()
    if (!isAlive) await this.#end()
    return answer
  }

  #start(): Worker {
    this.#isReady = false
    return startWorker(this.#settings, this.#limits)
  }

  async #end(): Promise<void> {
    const worker = this.#worker
    this.#worker = null
    clearTimeout(this.#idle)
    await worker?.terminate()
  }
}

/** The built thread has a file of its own; while it is developed and tested, TypeScript is read as it is. */
function startWorker(settings: ReadMailSettings, { heapMb }: ParserLimits): Worker {
  const isBuilt = import.meta.url.endsWith('.js')
  const file = new URL(`./parse-worker.${isBuilt ? 'js' : 'ts'}`, import.meta.url)
  const options = { workerData: settings, resourceLimits: { maxOldGenerationSizeMb: heapMb } }
  const worker = isBuilt ? new Worker(file, options) : new Worker(withTypes(file), { ...options, eval: true })
  // One that dies while nothing is asked of it is found dead, and must not take the process with it.
  worker.on('error', () => undefined)
  return worker
}

/** A thread does not take over how its process reads TypeScript. */
const withTypes = ({ href }: URL): string =>
  `import('tsx/esm/api').then(({ register }) => { register(); return import('${href}') })`

const STARTED_WITHIN_MS = 60_000
const DOES_NOT_START = 'The thread that reads messages does not start.'
const STOPPING = 'First Call is stopping.'
const ENDED = 'Reading the message ended the thread that read it.'

const stopping = (): MailTroubleError => new MailTroubleError(STOPPING)

const faultOf = (error: NodeJS.ErrnoException, heapMb: number): string =>
  error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? `Reading the message took more memory than ${heapMb} MB.`
    : `The message cannot be read: ${error.message}`
