import type { Actor } from '../audit/actor.ts'
import type { Entry } from '../audit/entry.ts'
import { entriesOf } from '../audit/plan-entries.ts'
import type { Call, Outcome } from '../calls/call.ts'
import { isOutage, isUnavailable, sqlState } from '../database/database.ts'
import type { Book } from './book.ts'
import type { Change, Plan } from './change.ts'
import { Groups, rowsOf, writingOf } from './group.ts'
import { type Needs, type Run, readForDeciding, readForSaving } from './read.ts'
import { write } from './write.ts'

/** How long the register tries, in milliseconds after a change came. */
export interface RegisterTimes {
  /** How long a call is tried with its attempt, before it is saved without (A9). */
  registerWithin: number
  /** No answer within this time: the caller is told to come back (R12). */
  answerWithin: number
  /** Whether a fault that is nobody else's is told at once, and not tried again: where nothing is lost by it. */
  isFaultFinal?: boolean
  /** How many batches of each way are under way at most; two where it is left out. */
  batchesAtOnce?: number
}

const TIMES: RegisterTimes = { registerWithin: 200, answerWithin: 1_900 }
/** Of each way: a call is saved without waiting for what keeps others from being registered. */
const BATCHES_AT_ONCE = 2
const BATCH_SIZE = 1_000
/** What a batch takes under load is less. */
const SLOW_AFTER_MS = 15
/** So few are never what takes too long. */
const FEWEST_TOGETHER = 32
/** Characters of long text: a thousand calls with long notes would not be written within a statement's time. */
const BATCH_TEXT = 1_000_000
/** The time of a statement. */
const WRITTEN_WITHIN_MS = 700
/** Between tries of what was locked or had changed. */
const SHORTEST_WAIT_MS = 1
const LONGEST_WAIT_MS = 25

/** Thrown where the database did not take a change in time. Nothing is known to be lost, and nothing is promised. */
export class UnavailableError extends Error {
  override name = 'UnavailableError'
}

/** What the register tells whoever watches it. */
export interface RegisterEvents {
  onBatch(size: number): void
  /** A change was planned anew because what it rested on was locked or had changed. */
  onRetry(): void
  /** A call was saved, but its attempt could not be registered (A9). */
  onNotRegistered(reason: unknown): void
  /** It was written of a call what became of it: of a new one, or otherwise than before. */
  onOutcome?(outcome: Outcome): void
}

/** `register`: with its attempt. `save`: the call alone, as pending (A9). */
type Way = 'register' | 'save'

interface Job {
  change: Change<unknown>
  /** The change's own, and after a lost answer the calls that may have been written. */
  needs: Needs
  /** What was last planned. */
  planned: Plan<unknown> | null
  acceptedAt: number
  tries: number
  /** At most so many are tried together with it: fewer once a batch has run out of time. */
  together: number
  way: Way
  /** False once the change said that only the whole of it will do (B9). */
  canSave: boolean
  /** What went wrong last. */
  reason: unknown
  isAnswered: boolean
  isBeingWritten: boolean
  /** Its time came while it was written. */
  isOverdue: boolean
  answer(answer: { result: unknown } | { error: unknown }): void
}

/**
 * Reads, decides and writes whatever has come in meanwhile, as one batch; at most two batches are under way. No timer
 * and no wait where there is no load: the first change of an idle service is a batch of one.
 */
export class Register {
  readonly #run: Run
  readonly #events: RegisterEvents
  readonly #times: RegisterTimes
  readonly #waiting: Record<Way, Job[]> = { register: [], save: [] }
  readonly #running: Record<Way, number> = { register: 0, save: 0 }
  readonly #youngest: Record<Way, { size: number; startedAt: number }> = {
    register: { size: 0, startedAt: 0 },
    save: { size: 0, startedAt: 0 },
  }
  #unanswered = 0
  #onDrained: (() => void) | null = null

  constructor(run: Run, events: RegisterEvents, times = TIMES) {
    this.#run = run
    this.#events = events
    this.#times = times
  }

  /**
   * The one function in which all doors end: saves a call, or whatever else changes what its attempts rest on, and
   * registers.
   *
   * @throws UnavailableError where the database cannot take it within two seconds
   */
  registerCallAttempt<Result>(change: Change<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const job: Job = {
        change,
        needs: change.needs,
        planned: null,
        acceptedAt: performance.now(),
        tries: 0,
        together: BATCH_SIZE,
        way: 'register',
        canSave: change.planWithoutRegistering !== undefined,
        reason: null,
        isAnswered: false,
        isBeingWritten: false,
        isOverdue: false,
        answer: (answer) => {
          if (job.isAnswered) return
          job.isAnswered = true
          clearTimeout(deadline)
          this.#unanswered--
          if ('result' in answer) resolve(answer.result as Result)
          else reject(answer.error)
          if (this.#unanswered === 0) this.#onDrained?.()
        },
      }
      const deadline = setTimeout(() => {
        if (job.isBeingWritten && isWhole(job)) job.isOverdue = true
        else answerUnavailable(job)
      }, this.#times.answerWithin)
      this.#unanswered++
      this.#waiting.register.push(job)
      // What comes in one turn is one batch, in its order.
      queueMicrotask(() => this.#start('register'))
    })
  }

  /** Waits until all that was accepted is answered. */
  drained(): Promise<void> {
    if (this.#unanswered === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onDrained = resolve
    })
  }

  #start(way: Way): void {
    while (this.#mayStart(way)) {
      const jobs = this.#take(way).filter((job) => !job.isAnswered)
      if (jobs.length === 0) continue
      this.#running[way]++
      this.#youngest[way] = { size: jobs.length, startedAt: performance.now() }
      const slow = setTimeout(() => this.#start(way), SLOW_AFTER_MS + 1)
      void this.#processTogether(jobs, way).finally(() => {
        clearTimeout(slow)
        this.#running[way]--
        this.#start(way)
      })
    }
  }

  /**
   * Beside a batch that is under way another one begins once as many wait as it has: few large ones cost less than many
   * small ones. Behind a slow one nobody waits.
   */
  #mayStart(way: Way): boolean {
    const waiting = this.#waiting[way].length
    if (waiting === 0 || this.#running[way] >= (this.#times.batchesAtOnce ?? BATCHES_AT_ONCE)) return false
    const { size, startedAt } = this.#youngest[way]
    return this.#running[way] === 0 || waiting >= size || performance.now() - startedAt >= SLOW_AFTER_MS
  }

  /** As much of what waits, in its order, as one statement can take. */
  #take(way: Way): Job[] {
    const waiting = this.#waiting[way]
    let count = 0
    let most = BATCH_SIZE
    let text = 0
    for (const { change, together } of waiting) {
      most = Math.min(most, together)
      text += change.size ?? 0
      if (count > 0 && (count >= most || text > BATCH_TEXT)) break
      count++
    }
    return waiting.splice(0, count)
  }

  /** One bad call harms no other: a batch that fails is tried in halves, until the bad one is alone. */
  async #processTogether(jobs: readonly Job[], way: Way): Promise<void> {
    this.#events.onBatch(jobs.length)
    const open = new Set(jobs)
    try {
      await this.#processBatch(open, way)
    } catch (error) {
      const isDown = isOutage(error)
      const again: Job[] = []
      const isOutOfTime = sqlState(error) === OUT_OF_TIME
      const together = isOutOfTime ? Math.max(FEWEST_TOGETHER, Math.ceil(jobs.length / 2)) : BATCH_SIZE
      for (const job of open) {
        job.together = Math.min(job.together, together)
        const isLate = way === 'register' && this.#isLate(job)
        if (isDown || isLate || jobs.length === 1) this.#failed(job, error)
        else again.push(job)
      }
      const middle = again.length >> 1
      for (const half of [again.slice(0, middle), again.slice(middle)]) {
        const unanswered = half.filter((job) => !job.isAnswered)
        if (unanswered.length > 0) await this.#processTogether(unanswered, way)
      }
    }
  }

  /** What is settled or comes again later is taken out of `open`; the rest shares the fate of the batch. */
  async #processBatch(open: Set<Job>, way: Way): Promise<void> {
    const needs = mergeNeeds([...open].map((job) => job.needs))
    const book = way === 'register' ? await readForDeciding(this.#run, needs) : await readForSaving(this.#run, needs)
    const planned: { job: Job; plan: Plan<unknown>; by: Actor; entries: readonly Entry[] }[] = []
    const groups = new Groups()
    for (const job of open) {
      // Whoever was told that it cannot be done is not to find it done.
      const plan = job.isAnswered ? null : this.#plan(job, book, way)
      const seen = book.takeSeen()
      if (plan === null) {
        open.delete(job)
        continue
      }
      job.planned = plan
      if (isWhole(job) && this.#isTooLateToWrite(job)) {
        // It is told so when its time is over.
        open.delete(job)
        continue
      }
      groups.add([...rowsOf(plan), ...seen])
      // Before it is entered: of what it changes, the book still has how it was.
      const { by } = job.change
      planned.push({ job, plan, by, entries: entriesOf(book, plan, by) })
      enter(book, plan)
    }
    for (const { job } of planned) job.isBeingWritten = true
    const refused = await write(this.#run, writingOf(book, planned, groups))
      .catch((error: unknown) => {
        if (isOutage(error)) for (const { job } of planned) answerLost(job)
        throw error
      })
      .finally(() => {
        for (const { job } of planned) job.isBeingWritten = false
      })
    const told = new Map<string, Call>()
    planned.forEach(({ job, plan }, place) => {
      open.delete(job)
      if (refused.has(groups.of(place))) {
        this.#again(job)
        return
      }
      // After a lost answer nothing may be left to save.
      if (way === 'save' && plan.calls?.some(({ pending }) => pending !== null))
        this.#events.onNotRegistered(job.reason)
      for (const call of this.#events.onOutcome === undefined ? [] : (plan.calls ?? [])) {
        if (isDecidedOtherwise(call, told.get(call.id) ?? book.readCall(call.id)))
          this.#events.onOutcome?.(call.outcome)
        told.set(call.id, call)
      }
      job.answer({ result: plan.result })
    })
  }

  /** A fault in the deciding of one call is that call's alone. */
  #plan(job: Job, book: Book, way: Way): Plan<unknown> | null {
    try {
      if (way === 'register') return job.change.plan(book)
      const plan = job.change.planWithoutRegistering?.(book) ?? null
      if (plan !== null) return plan
      job.canSave = false
      job.way = 'register'
      this.#later(job)
    } catch (error) {
      this.#failed(job, error)
    }
    return null
  }

  /** What was locked, or had changed since it was read, is planned anew; after a while the call is saved without. */
  #again(job: Job): void {
    this.#events.onRetry()
    job.reason ??= new Error('the opportunity or the call was locked, or kept changing')
    if (this.#isLate(job) && job.canSave) job.way = 'save'
    this.#later(job)
  }

  #failed(job: Job, error: unknown): void {
    job.reason = error
    const isConflict = CONFLICTS.has(sqlState(error) ?? '')
    const isFinal = job.way === 'save' || this.#times.isFaultFinal === true
    if (isFinal && !isConflict && !isUnavailable(error)) {
      job.answer({ error })
      return
    }
    const isPassing = isConflict || isOutage(error)
    if (job.canSave && !(isPassing && !this.#isLate(job))) job.way = 'save'
    this.#later(job)
  }

  /** Whether a statement that begins now could end after the caller's time. */
  #isTooLateToWrite(job: Job): boolean {
    return performance.now() - job.acceptedAt > this.#times.answerWithin - WRITTEN_WITHIN_MS
  }

  #isLate(job: Job): boolean {
    return performance.now() - job.acceptedAt > this.#times.registerWithin
  }

  #later(job: Job): void {
    if (job.isOverdue) {
      answerUnavailable(job)
      return
    }
    const waitMs = Math.min(SHORTEST_WAIT_MS * 2 ** job.tries, LONGEST_WAIT_MS)
    job.tries++
    setTimeout(() => {
      this.#waiting[job.way].push(job)
      this.#start(job.way)
    }, waitMs)
  }
}

/**
 * Unique keys (somebody else wrote the same first), foreign keys (what it refers to is gone, or is another's),
 * serialisation failure, deadlock: the next reading sees why.
 */
const CONFLICTS: ReadonlySet<string> = new Set(['23503', '23505', '40001', '40P01'])

const isDecidedOtherwise = (call: Call, before: Call | undefined): boolean =>
  call.outcome !== before?.outcome || call.opportunity_id !== before.opportunity_id

/** A statement's time was not enough. */
const OUT_OF_TIME = '57014'

/** Whether nothing of it may be written after the caller was told that it was not (B9). */
const isWhole = ({ canSave, planned }: Job): boolean => !canSave || planned?.isWithdrawal === true

function answerUnavailable(job: Job): void {
  job.answer({ error: new UnavailableError('the database did not take it in time', { cause: job.reason }) })
}

/** Nobody knows whether it was written: the next reading has to look, and the change has to recognise its own work. */
function answerLost(job: Job): void {
  const callIds = job.planned?.calls?.map((call) => call.id) ?? []
  job.needs = { ...job.needs, callIds: [...new Set([...job.needs.callIds, ...callIds])] }
  job.change.onAnswerLost?.()
}

function enter(book: Book, plan: Plan<unknown>): void {
  book.apply({ opportunities: plan.opportunities ?? [], calls: plan.calls ?? [] })
  if (plan.newOpportunity !== undefined) book.apply({ opportunities: [plan.newOpportunity], calls: [] })
  if (plan.deletedCall !== undefined) book.bury(plan.deletedCall)
  const { answeredRequest, writtenRequest } = plan
  if (answeredRequest !== undefined) book.changeDialRequest(answeredRequest.id, { call_id: answeredRequest.callId })
  if (writtenRequest !== undefined)
    book.changeDialRequest(writtenRequest.id, { written_call_id: writtenRequest.callId })
  for (const { mail } of plan.doubts ?? []) if (mail !== undefined) book.openItem(mail)
  if (plan.decided !== undefined) book.decideItem(plan.decided)
  if (plan.answer !== undefined) book.remember(plan.answer.key, plan.answer.answer)
}

function mergeNeeds(needs: readonly Needs[]): Needs {
  const [only] = needs
  if (needs.length === 1 && only !== undefined) return only
  const unique = (list: readonly string[]): string[] => [...new Set(list)]
  return {
    contactIds: unique(needs.flatMap((need) => need.contactIds)),
    callIds: unique(needs.flatMap((need) => need.callIds)),
    providerKeys: needs.flatMap((need) => need.providerKeys),
    foreignCallIds: unique(needs.flatMap((need) => need.foreignCallIds)),
    opportunityIds: unique(needs.flatMap((need) => need.opportunityIds)),
    answerKeys: needs.flatMap((need) => need.answerKeys),
    byNumber: needs.some((need) => need.byNumber),
    numbers: needs.flatMap((need) => need.numbers),
    recordings: needs.flatMap((need) => need.recordings),
    near: needs.flatMap((need) => need.near),
    files: unique(needs.flatMap((need) => need.files)),
    reviewItemIds: unique(needs.flatMap((need) => need.reviewItemIds)),
    dialRequestIds: unique(needs.flatMap((need) => need.dialRequestIds)),
    isHistory: needs.every((need) => need.isHistory),
  }
}
