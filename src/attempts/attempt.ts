import type { Call, CallChanges, CallFields, Outcome, Source, Sources } from '../calls/call.ts'
import type { CallReport } from '../calls/report.ts'
import type { Attempt, Colour, Opportunity, OpportunityChanges } from '../opportunities/opportunity.ts'
import type { Instant } from '../time.ts'

/*
 * The heart: every rule of an attempt that needs no database. Nothing here reads a clock, a random number or a row;
 * what is known comes in, what follows goes out. The rules are named A1 to B18 as in the specification.
 */

const MAXIMUM_ATTEMPTS = 5
const TRIES_BEFORE_STANDING_BACK = 3

// ── A call as an attempt ────────────────────────────────────────────────────────────────────────────────────────────

/** A1: an outbound call that is linked to a contact. Only such a call can be an attempt. */
export function isEligible(call: CallFields): call is CallFields & { entity_id: string } {
  return call.direction === 'outbound' && call.entity_type === 'contacts' && call.entity_id !== null
}

/** A3: the words that name a colour; any other one is orange. */
export const COLOURS: ReadonlyMap<string, Colour> = new Map([
  ['completed', 'green'],
  ['answered', 'green'],
  ['rejected', 'red'],
  ['failed', 'orange'],
  ['no_answer', 'orange'],
  ['busy', 'orange'],
])

const fold = (word: string): string => word.trim().toLowerCase()

/** A3: the colour of a call's status; none and unknown ones are orange. */
export function colourOf(callStatus: string | null): Colour {
  return COLOURS.get(fold(callStatus ?? '')) ?? 'orange'
}

/** B10: whether A3 names this status, so that it is a result and not just a word. */
function isResult(callStatus: unknown): boolean {
  return typeof callStatus === 'string' && COLOURS.has(fold(callStatus))
}

const isBlank = (text: string | null): boolean => text === null || text.trim() === ''

/** A12: the summary, else the result, else nothing. */
function notesOf(call: CallFields): string {
  for (const text of [call.resumen_llamada, call.call_result]) if (text !== null && !isBlank(text)) return text
  return ''
}

/** A12: when the try took place. */
function attemptedAt(call: Pick<Call, 'started_at' | 'created_at'>): Instant {
  return call.started_at ?? call.created_at
}

const DAY_MS = 86_400_000
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))
/** The day that was written last, as `2026-11-29T`: those of one batch are mostly of one day. */
const written = { day: Number.NaN, date: '' }

/** A12: ISO 8601 in UTC ending in `Z`, with a fraction only where it is not zero. Ten times as fast as `Date`: this is hot. */
export function formatInstant(instant: Instant): string {
  const day = Math.floor(instant / DAY_MS)
  if (day !== written.day) {
    written.date = new Date(day * DAY_MS).toISOString().slice(0, -13)
    written.day = day
  }
  const ms = instant - day * DAY_MS
  const seconds = Math.floor(ms / 1_000)
  const [hour, minute] = [TWO_DIGITS[Math.floor(seconds / 3_600)], TWO_DIGITS[Math.floor(seconds / 60) % 60]]
  const time = `${written.date}${hour}:${minute}:${TWO_DIGITS[seconds % 60]}`
  const fraction = ms % 1_000
  return fraction === 0 ? `${time}Z` : `${time}.${String(fraction).padStart(3, '0')}Z`
}

/** The same of what may not have been yet. */
export const timeOrNull = (instant: Instant | null): string | null => (instant === null ? null : formatInstant(instant))

/** A3, A12, A4: the attempt that this call is; a call without notes leaves those that the attempt has. */
function attemptOf(call: Call, previous?: Attempt): Attempt {
  return {
    status: colourOf(call.call_status),
    call_id: call.id,
    attempted_at: attemptedAt(call),
    notes: notesOf(call) || (previous?.notes ?? ''),
    call_created_at: call.created_at,
  }
}

// ── An opportunity and what follows from its attempts (B1) ──────────────────────────────────────────────────────────

/** A7, B3: the lowest green number, or null. */
export function successfulAttempt(opportunity: Opportunity): number | null {
  const index = opportunity.attempts.findIndex((attempt) => attempt.status === 'green')
  return index < 0 ? null : index + 1
}

/** A7, B1: completed by a green attempt, or ticked by hand in an older system. */
export function isCompleted(opportunity: Opportunity): boolean {
  return opportunity.completed_elsewhere || successfulAttempt(opportunity) !== null
}

/** A8: the time of the latest attempt, or null. */
export function lastContactAttemptAt(opportunity: Opportunity): Instant | null {
  return opportunity.attempts.at(-1)?.attempted_at ?? null
}

/** A12: `first_call_attempts` as the user reads it. */
export function firstCallAttempts(opportunity: Opportunity): Record<string, FirstCallAttempt> {
  return Object.fromEntries(
    opportunity.attempts.map(({ status, call_id, attempted_at, notes }, index) => [
      String(index + 1),
      { status, call_id, attempted_at: formatInstant(attempted_at), notes },
    ]),
  )
}

/** One value of `first_call_attempts` (A12). */
export interface FirstCallAttempt {
  status: Colour
  call_id: string
  attempted_at: string
  notes: string
}

/** Whether a status counts as active; every other word counts as closed. */
function isActive(status: string): boolean {
  return status === 'pending' || status === 'assigned' || status === 'contacted'
}

/** Active and not completed. */
function isOpen(opportunity: Opportunity): boolean {
  return isActive(opportunity.status) && !isCompleted(opportunity)
}

/** A2: of the opportunities the newest that is open; null where none is. */
export function newestOpenOf({ opportunities }: Pick<Situation, 'opportunities'>): Opportunity | null {
  return opportunities.filter(isOpen).sort(newestFirst)[0] ?? null
}

/** B4: by time; at the same time foreign ones first as they were given, then by the call's creation, then by id. */
function inOrder(attempts: readonly Attempt[]): Attempt[] {
  return [...attempts].sort((a, b) => {
    if (a.attempted_at !== b.attempted_at) return a.attempted_at - b.attempted_at
    if (a.call_created_at === null || b.call_created_at === null) {
      return Number(a.call_created_at !== null) - Number(b.call_created_at !== null)
    }
    return a.call_created_at - b.call_created_at || compareIds(a.call_id, b.call_id)
  })
}

/** B4, for calls whether they are attempts or not. */
const inCallOrder = (a: Call, b: Call): number =>
  attemptedAt(a) - attemptedAt(b) || a.created_at - b.created_at || compareIds(a.id, b.id)

const compareIds = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A2: newest first; of equally new ones the greatest id first. */
const newestFirst = (a: Opportunity, b: Opportunity): number => b.created_at - a.created_at || compareIds(b.id, a.id)

const isSameAttempt = (a: Attempt, b: Attempt | undefined): boolean =>
  b !== undefined &&
  a.call_id === b.call_id &&
  a.status === b.status &&
  a.attempted_at === b.attempted_at &&
  a.notes === b.notes &&
  a.call_created_at === b.call_created_at

/** A6, A8: with a new attempt in its place; `pending` becomes `contacted`. */
function withNew(opportunity: Opportunity, attempt: Attempt): Opportunity {
  return {
    ...opportunity,
    status: opportunity.status === 'pending' ? 'contacted' : opportunity.status,
    attempts: inOrder([...opportunity.attempts, attempt]),
  }
}

/** A4, B7: with this call's attempt as the call now is, no longer foreign; the same object where nothing changes. */
function withUpdated(opportunity: Opportunity, call: Call): Opportunity {
  const attempts = inOrder(
    opportunity.attempts.map((attempt) => (attempt.call_id === call.id ? attemptOf(call, attempt) : attempt)),
  )
  const isUnchanged = attempts.every((attempt, index) => isSameAttempt(attempt, opportunity.attempts[index]))
  return isUnchanged ? opportunity : { ...opportunity, attempts }
}

/** B5: without this call's attempt; later ones move down. */
function without(opportunity: Opportunity, callId: string): Opportunity {
  return { ...opportunity, attempts: opportunity.attempts.filter((attempt) => attempt.call_id !== callId) }
}

// ── Decisions ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** All that a decision about one call or opportunity may rest on. */
export interface Situation {
  /** Of the contacts concerned: all that are active, and those that hold the call. */
  opportunities: readonly Opportunity[]
  /** Of the contacts concerned: the calls that are pending, and those that an opportunity concerned turned away. */
  calls: readonly Call[]
  /** Whether we have a contact or an opportunity for this contact's id (B18). */
  isKnownContact: (contactId: string) => boolean
  /** The moment of the decision, by the database's clock. */
  now: Instant
}

/** What a decision changes: the next states of opportunities and calls, each with its raised revision (B14). */
export interface Decision {
  opportunities: readonly Opportunity[]
  calls: readonly Call[]
}

/** Where a call belongs by A1, A2, A5 and B8, looking no further than the opportunities given. */
type Placement =
  | { outcome: 'registered' | 'limit_reached' | 'first_call_completed'; opportunity: Opportunity }
  | { outcome: 'not_outbound' | 'not_a_contact' | 'unknown_contact' | 'no_open_opportunity' }

/** B8: what is said of a call that cannot be an attempt, whatever opportunities there are; null where it can (A1). */
export function whyNotEligible(call: CallFields): 'not_outbound' | 'not_a_contact' | null {
  if (call.direction !== 'outbound') return 'not_outbound'
  return isEligible(call) ? null : 'not_a_contact'
}

function placementOf(call: Call, opportunities: Iterable<Opportunity>, situation: Situation): Placement {
  if (!isEligible(call)) return { outcome: whyNotEligible(call) ?? 'not_a_contact' }
  const ofContact = [...opportunities].filter((opportunity) => opportunity.contact_id === call.entity_id)
  const active = ofContact.filter(({ status }) => isActive(status)).sort(newestFirst)
  const open = active.find((opportunity) => !isCompleted(opportunity))
  if (open !== undefined) {
    return { outcome: open.attempts.length < MAXIMUM_ATTEMPTS ? 'registered' : 'limit_reached', opportunity: open }
  }
  const [completed] = active
  if (completed !== undefined) return { outcome: 'first_call_completed', opportunity: completed }
  const isKnown = ofContact.length > 0 || situation.isKnownContact(call.entity_id)
  return { outcome: isKnown ? 'no_open_opportunity' : 'unknown_contact' }
}

/** A call as it is to be, and as it is stored; `stored` is null where the call is new. */
export interface Subject {
  call: Call
  stored: Call | null
}

/**
 * Decides a call that is new, changed or still pending: A1 to A8, B2 to B9.
 *
 * @returns the next states of every opportunity and call that changes, the call itself among them
 */
export function decideCall(situation: Situation, subject: Subject): Decision {
  const draft = new Draft(situation, subject)
  const isOnlyTriedAgain = subject.call === subject.stored
  const settled = draft.settlePendingOf(draft.contactsOf(subject.call), isOnlyTriedAgain ? [] : [subject.call.id])
  if (!settled.has(subject.call.id)) draft.settle(subject.call)
  return draft.decision()
}

/**
 * Decides two calls that are one: the other gives its attempt back (B5), then the one that stays is decided as it has
 * become. The other is not among what the decision changes.
 */
export function decideBoth(situation: Situation, subject: Subject, otherId: string): Decision {
  const draft = new Draft(situation, subject)
  const contactIds = new Set([...draft.contactsOf(subject.call), ...draft.contactsOfHolders(otherId)])
  draft.settlePendingOf(contactIds, [subject.call.id, otherId])
  draft.withdraw(otherId)
  draft.settle(subject.call)
  return draft.decision()
}

/**
 * Decides the deletion of a call (B5), or what is left to do of one where an older system's attempt with its id came at
 * the same moment (B7). The call itself is not among what the decision changes.
 */
export function decideDeletion(situation: Situation, callId: string): Decision {
  const draft = new Draft(situation)
  draft.settlePendingOf(draft.contactsOfHolders(callId), [callId])
  draft.withdraw(callId)
  return draft.decision()
}

/**
 * Decides a call anew that contradicts what opportunities say of it: the call is right. Where it is marked as registered
 * it has its attempt (again), as the call now is, and nowhere else; else it is placed as a new one would be.
 *
 * @param call as it is stored
 */
export function decideRepair(situation: Situation, call: Call): Decision {
  const draft = new Draft(situation, { call, stored: call })
  draft.settlePendingOf(draft.contactsOf(call), [call.id])
  draft.mend(call)
  return draft.decision()
}

/** Decides an opportunity anew that does not say what follows from its attempts (B1, B6). */
export function decideDerivation(situation: Situation, opportunity: Opportunity): Decision {
  const draft = new Draft(situation)
  draft.settlePendingOf(new Set([opportunity.contact_id]), [])
  draft.deriveAgain(opportunity.id)
  return draft.decision()
}

/** Decides a person's change of an opportunity (A8, B6). */
export function decideOpportunityChange(
  situation: Situation,
  opportunity: Opportunity,
  changes: OpportunityChanges,
): Decision {
  const changed = { ...opportunity, ...changes }
  const isUnchanged = OPPORTUNITY_CHANGES.every((field) => changed[field] === opportunity[field])
  if (isUnchanged) return { opportunities: [], calls: [] }
  const draft = new Draft(situation)
  draft.changeOpportunity(changed)
  const opens = isOpen(changed) && !isOpen(opportunity)
  if (opens && draft.turnedAwayBy(opportunity.id).length > 0) {
    draft.settlePendingOf(new Set([opportunity.contact_id]), [])
    draft.reconsider(opportunity.id)
  }
  return draft.decision()
}

/** What becomes of a stored call when history is gone through; one from before its opportunity stays as it is (B16). */
export type HistoryOutcome = Outcome | 'before_opportunity'

/**
 * Decides stored calls of a contact that no attempt holds, anew and in B4's order (B16), its pending ones first (B9).
 *
 * @param takesEarlier whether calls are taken, too, that took place before the opportunity was there
 * @returns beside what changes, what became of each call by its id
 */
export function decideHistory(
  situation: Situation,
  calls: readonly Call[],
  takesEarlier: boolean,
): Decision & { outcomes: ReadonlyMap<string, HistoryOutcome> } {
  const draft = new Draft(situation)
  draft.settlePendingOf(new Set(calls.flatMap((call) => [...draft.contactsOf(call)])), [])
  const outcomes = new Map(
    calls.toSorted(inCallOrder).map(({ id }): [string, HistoryOutcome] => [id, draft.takeUp(id, takesEarlier)]),
  )
  return { ...draft.decision(), outcomes }
}

const OPPORTUNITY_CHANGES = ['title', 'status', 'assigned_to', 'source'] as const

/** One decision in the making. It remembers what was stored, so that only what really changes is written. */
class Draft {
  readonly #situation: Situation
  readonly #opportunities: Map<string, Opportunity>
  readonly #changedOpportunities = new Set<string>()
  readonly #calls: Map<string, Call>
  readonly #storedCalls: Map<string, Call>

  constructor(situation: Situation, subject?: Subject) {
    this.#situation = situation
    this.#opportunities = new Map(situation.opportunities.map((opportunity) => [opportunity.id, opportunity]))
    this.#calls = new Map(situation.calls.map((call) => [call.id, call]))
    if (subject?.stored) this.#calls.set(subject.call.id, subject.stored)
    this.#storedCalls = new Map(this.#calls)
  }

  /** The contacts whose opportunities a decision about this call may change. */
  contactsOf(call: Call): Set<string> {
    const contactIds = this.contactsOfHolders(call.id)
    if (!isEligible(call)) return contactIds
    const isPossible = (opportunity: Opportunity): boolean =>
      opportunity.contact_id === call.entity_id && isActive(opportunity.status)
    return [...this.#opportunities.values()].some(isPossible) ? contactIds.add(call.entity_id) : contactIds
  }

  /** The contacts whose opportunities hold an attempt of this call. */
  contactsOfHolders(callId: string): Set<string> {
    return new Set(this.#holdersOf(callId).map((opportunity) => opportunity.contact_id))
  }

  /**
   * B9: the pending calls of these contacts are decided first, oldest first; a stubborn one stands back.
   *
   * @returns the ids of those that were decided
   */
  settlePendingOf(contactIds: ReadonlySet<string>, exceptCallIds: readonly string[]): ReadonlySet<string> {
    const isFirst = (call: Call): boolean =>
      call.pending !== null &&
      call.pending.tries < TRIES_BEFORE_STANDING_BACK &&
      !exceptCallIds.includes(call.id) &&
      isEligible(call) &&
      contactIds.has(call.entity_id)
    const sinceWhen = (call: Call): Instant => call.pending?.since ?? 0
    const first = [...this.#calls.values()].filter(isFirst)
    first.sort((a, b) => sinceWhen(a) - sinceWhen(b) || compareIds(a.id, b.id))
    for (const call of first) this.settle(call)
    return new Set(first.map(({ id }) => id))
  }

  /** B2: a call that is an attempt stays where it is registered while it fits; any other looks for a place. */
  settle(call: Call): void {
    const holders = this.#holdersOf(call.id)
    const holder = isEligible(call) ? holders.find(({ contact_id }) => contact_id === call.entity_id) : undefined
    if (holder !== undefined) {
      const updated = withUpdated(holder, call)
      if (updated !== holder) this.changeOpportunity(updated)
      this.#settled(call, 'registered', holder.id)
      if (!isOpen(holder)) this.#reconsiderIfOpen(holder.id)
    }
    for (const other of holders) if (other !== holder) this.#release(other.id, call.id)
    if (holder === undefined) this.#place(call)
  }

  /** Whatever the opportunities say: a call that is marked as registered is an attempt where it says so, while there is room. */
  mend(call: Call): void {
    const named = call.opportunity_id === null ? undefined : this.#opportunities.get(call.opportunity_id)
    const isHome = call.outcome === 'registered' && isEligible(call) && named?.contact_id === call.entity_id
    if (named !== undefined && isHome) {
      const isThere = named.attempts.some(({ call_id }) => call_id === call.id)
      const hasRoom = named.attempts.length < MAXIMUM_ATTEMPTS
      if (!isThere && hasRoom) this.changeOpportunity(withNew(named, attemptOf(call)))
      if (isThere || hasRoom) {
        for (const { id } of this.#holdersOf(call.id)) if (id !== named.id) this.#release(id, call.id)
      }
    }
    this.settle(call)
  }

  /** What follows from the attempts is written anew. */
  deriveAgain(opportunityId: string): void {
    const opportunity = this.#opportunities.get(opportunityId)
    if (opportunity === undefined) return
    this.changeOpportunity(opportunity)
    this.#reconsiderIfOpen(opportunityId)
  }

  /** B5: the call is gone and gives its attempt back. */
  withdraw(callId: string): void {
    this.#calls.delete(callId)
    for (const { id } of this.#holdersOf(callId)) this.#release(id, callId)
  }

  changeOpportunity(opportunity: Opportunity): void {
    const { revision } = opportunity
    this.#opportunities.set(opportunity.id, { ...opportunity, revision: revision + 1, updated_at: this.#situation.now })
    this.#changedOpportunities.add(opportunity.id)
  }

  /** The eligible calls that this opportunity turned away, in B4's order. */
  turnedAwayBy(opportunityId: string): Call[] {
    const isTurnedAway = (call: Call): boolean =>
      (call.outcome === 'limit_reached' || call.outcome === 'first_call_completed') &&
      call.opportunity_id === opportunityId &&
      isEligible(call)
    return [...this.#calls.values()].filter(isTurnedAway).sort(inCallOrder)
  }

  /** B16: a call that no attempt holds is decided as a door would, unless its opportunity is younger than the call. */
  takeUp(callId: string, takesEarlier: boolean): HistoryOutcome {
    const call = this.#calls.get(callId)
    if (call === undefined) throw new Error(`the call ${callId} is not among those that are known`)
    // What was pending may have made room for it just now.
    if (call.outcome === 'registered') return call.outcome
    if (!takesEarlier && this.#holdersOf(callId).length === 0) {
      const placement = placementOf(call, this.#opportunities.values(), this.#situation)
      const isEarlier = 'opportunity' in placement && attemptedAt(call) < placement.opportunity.created_at
      if (isEarlier) return 'before_opportunity'
    }
    this.settle(call)
    return this.#calls.get(callId)?.outcome ?? call.outcome
  }

  /** B6: the calls that this opportunity turned away are placed again; those that stay out get the present reason. */
  reconsider(opportunityId: string): void {
    for (const call of this.turnedAwayBy(opportunityId)) this.#place(call)
  }

  #reconsiderIfOpen(opportunityId: string): void {
    const opportunity = this.#opportunities.get(opportunityId)
    if (opportunity !== undefined && isOpen(opportunity)) this.reconsider(opportunityId)
  }

  decision(): Decision {
    const opportunities = [...this.#changedOpportunities].flatMap((id) => this.#opportunities.get(id) ?? [])
    const calls: Call[] = []
    for (const call of this.#calls.values()) {
      const stored = this.#storedCalls.get(call.id)
      if (stored === undefined) calls.push(call)
      else if (!isSameCall(call, stored)) {
        calls.push({ ...call, revision: stored.revision + 1, updated_at: this.#situation.now })
      }
    }
    return { opportunities, calls }
  }

  /** Who holds an attempt of this call; one that holds it as foreign first: it "first becomes that call's" (B7). */
  #holdersOf(callId: string): Opportunity[] {
    const isForeign = (opportunity: Opportunity): boolean =>
      opportunity.attempts.some((attempt) => attempt.call_id === callId && attempt.call_created_at === null)
    return [...this.#opportunities.values()]
      .filter((opportunity) => opportunity.attempts.some((attempt) => attempt.call_id === callId))
      .sort((a, b) => Number(isForeign(b)) - Number(isForeign(a)))
  }

  #release(opportunityId: string, callId: string): void {
    const opportunity = this.#opportunities.get(opportunityId)
    if (opportunity === undefined) return
    this.changeOpportunity(without(opportunity, callId))
    this.#reconsiderIfOpen(opportunityId)
  }

  #place(call: Call): void {
    const placement = placementOf(call, this.#opportunities.values(), this.#situation)
    switch (placement.outcome) {
      case 'registered':
        this.changeOpportunity(withNew(placement.opportunity, attemptOf(call)))
        this.#settled(call, placement.outcome, placement.opportunity.id)
        break
      case 'limit_reached':
      case 'first_call_completed': {
        const { opportunity, outcome } = placement
        const stored = this.#storedCalls.get(call.id)
        const isOldNews = stored?.outcome === outcome && stored.opportunity_id === opportunity.id
        // B14: who turns a call away says so by its revision, or a deletion at the same moment would miss the call.
        if (!isOldNews) this.changeOpportunity(opportunity)
        this.#settled(call, outcome, opportunity.id)
        break
      }
      case 'not_outbound':
      case 'not_a_contact':
      case 'unknown_contact':
      case 'no_open_opportunity':
        this.#settled(call, placement.outcome, null)
        break
      default:
        placement satisfies never
    }
  }

  #settled(call: Call, outcome: Outcome, opportunityId: string | null): void {
    this.#calls.set(call.id, { ...call, outcome, opportunity_id: opportunityId, pending: null })
  }
}

// ── Attempts of an older system (B7) ────────────────────────────────────────────────────────────────────────────────

/** What an older system says of an opportunity's attempts; a number is a key from "1" to "5". */
export interface OlderAttempts {
  first_call_attempts: Readonly<Record<string, Omit<Attempt, 'call_created_at'>>>
  first_call_completed?: boolean | undefined
}

/** What we know of the calls that those attempts name. */
export interface NamedCalls {
  /** Calls of ours, by id. */
  calls: ReadonlyMap<string, Call>
  /** Ids of calls that were deleted (B5). */
  deleted: ReadonlySet<string>
  /** Ids that another opportunity's attempts hold. */
  heldElsewhere: ReadonlySet<string>
}

export interface Fault {
  path: string
  message: string
}

/** What somebody sent as an older system's attempts, as far as it could be read. */
export interface SentAttempts {
  first_call_attempts: Readonly<Record<string, { call_id?: unknown; status?: unknown }>>
  first_call_completed?: unknown
}

/** Every fault of B7 that shows without knowing the calls that the attempts name. */
export function faultsOfSent({ first_call_attempts, first_call_completed }: SentAttempts): Fault[] {
  const faults: Fault[] = []
  const entries = Object.entries(first_call_attempts)
  if (entries.length > MAXIMUM_ATTEMPTS) {
    faults.push({ path: 'first_call_attempts', message: 'has more than five attempts' })
  }
  const callIds = new Set<unknown>()
  for (const [number, { call_id }] of entries) {
    const path = `first_call_attempts.${number}`
    if (!/^[1-5]$/.test(number)) faults.push({ path, message: 'an attempt has a number from "1" to "5"' })
    if (callIds.has(call_id)) {
      faults.push({ path: `${path}.call_id`, message: 'names the same call as an earlier attempt' })
    }
    if (call_id !== undefined) callIds.add(call_id)
  }
  const hasGreen = entries.some(([, { status }]) => status === 'green')
  if (hasGreen && first_call_completed === false) faults.push(NOT_COMPLETED_BESIDE_GREEN)
  return faults
}

const NOT_COMPLETED_BESIDE_GREEN: Fault = {
  path: 'first_call_completed',
  message: 'is false, but there is a green attempt',
}

/**
 * Takes over the attempts of an older system (B1, B7), in which {@link faultsOfSent} has found no fault.
 *
 * @param opportunity the new opportunity, without attempts
 * @returns the opportunity with its attempts, and the calls of ours that are among them; or every fault
 */
export function withOlderAttempts(
  opportunity: Opportunity,
  older: OlderAttempts,
  named: NamedCalls,
): { opportunity: Opportunity; calls: readonly Call[] } | { faults: readonly Fault[] } {
  const faults: Fault[] = []
  const attempts: Attempt[] = []
  const calls: Call[] = []
  const entries = Object.entries(older.first_call_attempts).sort(([a], [b]) => Number(a) - Number(b))
  for (const [number, given] of entries) {
    const path = `first_call_attempts.${number}.call_id`
    const refuse = (message: string): void => void faults.push({ path, message })
    const call = named.calls.get(given.call_id)
    if (named.heldElsewhere.has(given.call_id)) refuse('names a call that another opportunity counts already')
    else if (named.deleted.has(given.call_id)) refuse('names a call that was deleted')
    else if (call !== undefined && !(isEligible(call) && call.entity_id === opportunity.contact_id)) {
      refuse('names a call that is not an outbound call to this contact')
    }
    if (call === undefined) attempts.push({ ...given, call_created_at: null })
    else {
      attempts.push(attemptOf(call, { ...given, call_created_at: null }))
      calls.push({ ...call, outcome: 'registered', opportunity_id: opportunity.id, pending: null })
    }
  }
  const hasGreen = attempts.some(({ status }) => status === 'green')
  // A call of ours may be greener than what was sent of it.
  if (hasGreen && older.first_call_completed === false) faults.push(NOT_COMPLETED_BESIDE_GREEN)
  if (faults.length > 0) return { faults }
  const isContacted = attempts.length > 0 && opportunity.status === 'pending'
  return {
    opportunity: {
      ...opportunity,
      status: isContacted ? 'contacted' : opportunity.status,
      attempts: inOrder(attempts),
      completed_elsewhere: older.first_call_completed === true && !hasGreen,
    },
    calls,
  }
}

// ── What a call's fields become when somebody reports it (B10, B11) ─────────────────────────────────────────────────

/** B10: among machines the higher one replaces the lower, and equals keep the first. */
const RANK: Readonly<Record<Exclude<Source, 'person'>, number>> = {
  statistics: 5,
  end: 4,
  answer: 3,
  start: 2,
  email: 1,
}

/** A person's clearing of these stands; any other field that a person cleared is simply empty (B10). */
const isClearingKept = (field: keyof CallFields): boolean => field === 'entity_type' || field === 'entity_id'

/** A person's change (B10): what is sent is taken, `null` clears. */
export function changedByPerson(call: Call, changes: CallChanges): Call {
  // A machine's reason for the contact is none any more.
  const link = 'entity_type' in changes || 'entity_id' in changes ? null : call.link
  return { ...call, ...changes, link, sources: sourcesOfPerson(call.sources, changes) }
}

/** Who wrote each field, once a person has made these changes (B10). */
export function sourcesOfPerson(sources: Sources, changes: CallChanges): Sources {
  const next = { ...sources }
  for (const field of fieldsOf(changes)) {
    if (changes[field] === null && !isClearingKept(field)) delete next[field]
    else next[field] = 'person'
  }
  return next
}

/** The same call reported again by a person's `POST`: what it lacks or brings empty stays (B11, B12). */
export function repeatedByPerson(call: Call, report: CallChanges): Call {
  return changedByPerson(call, withoutEmpty(report))
}

/**
 * The same call brought in by a file, whose age nobody knows: as by a person, but what a person wrote stands, so that the
 * same file again changes nothing (B10).
 */
export function broughtInAgain(call: Call, report: CallChanges): Call {
  const { sources } = call
  const taken: CallChanges = { ...report }
  for (const field of fieldsOf(report)) {
    const isFirstResult = field === 'call_status' && !isResult(call.call_status) && isResult(report.call_status)
    // A contact's id means nothing without what it is the id of.
    const isOfEntity = field === 'entity_type' || field === 'entity_id'
    const isEntityKept = isOfEntity && [sources.entity_type, sources.entity_id].includes('person')
    if (isEntityKept || (sources[field] === 'person' && !isFirstResult)) delete taken[field]
  }
  return repeatedByPerson(call, taken)
}

/** A machine's report of a call that exists: it fills what is empty and replaces what a lower machine wrote (B10, B11). */
export function reportedByMachine(call: Call, report: CallChanges, machine: CallReport['machine']): Call {
  const taken: CallChanges = {}
  const sources = { ...call.sources }
  const take = <Field extends keyof CallFields>(field: Field, value: CallFields[Field] | undefined): void => {
    const source: Source | undefined = sources[field]
    const isFirstResult = field === 'call_status' && !isResult(call.call_status) && isResult(value)
    const isFree = source === undefined && isEmpty(call[field])
    const isLower = source !== undefined && source !== 'person' && RANK[source] < RANK[machine]
    if (value === undefined || !(isFirstResult || isFree || isLower)) return
    taken[field] = value
    sources[field] = machine
  }
  for (const field of fieldsOf(withoutEmpty(report))) take(field, report[field])
  return { ...call, ...taken, sources }
}

/**
 * A call that turned out to be another one too (B17): it takes over the fields that it lacks, and those that somebody
 * higher wrote (B10). What it is called and which way it went stay its own, unless a person said so. Of recordings see
 * {@link withRecordingsOf}.
 */
export function withFieldsOf(call: Call, other: Call): Call {
  const taken: CallChanges = {}
  const sources = { ...call.sources }
  const take = <Field extends keyof CallFields>(field: Field): void => {
    taken[field] = other[field]
    sources[field] = other.sources[field]
  }
  const isBetter = (field: keyof CallFields): boolean => {
    const [own, others] = [rankOf(call, field), rankOf(other, field)]
    if (isEmpty(other[field])) return isClearingKept(field) && others > own
    if (field === 'direction') return others > own && others === RANK_OF_PERSON
    return others > own || (isEmpty(call[field]) && call.sources[field] === undefined)
  }
  for (const field of CALL_FIELDS) if (field !== 'entity_type' && field !== 'entity_id' && isBetter(field)) take(field)
  // A contact's id means nothing without what it is the id of; nor does why it was found.
  const takesContact = isBetter('entity_id')
  if (takesContact) for (const field of ['entity_type', 'entity_id'] as const) take(field)
  return {
    ...call,
    ...taken,
    sources,
    link: takesContact ? other.link : call.link,
  }
}

const RANK_OF_PERSON = 6

/** How much the word counts that a field has; a person's that is no result counts nothing (B10). */
function rankOf(call: Call, field: keyof CallFields): number {
  const source = call.sources[field]
  if (source === undefined || (field === 'call_status' && !isResult(call.call_status))) return 0
  return source === 'person' ? RANK_OF_PERSON : RANK[source]
}

const fieldsOf = (changes: CallChanges): (keyof CallFields)[] => Object.keys(changes) as (keyof CallFields)[]

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '')

/** B11: what a report really says; a field that is missing or brought empty is not there. */
export function withoutEmpty(report: CallChanges): CallChanges {
  const told: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(report)) if (!isEmpty(value)) told[field] = value
  return told
}

/** Whether nothing of the stored call differs, so that there is nothing to write (B14). */
export function isSameCall(a: Call, b: Call): boolean {
  return (
    a.outcome === b.outcome &&
    a.opportunity_id === b.opportunity_id &&
    a.pending?.since === b.pending?.since &&
    hasSameFields(a, b)
  )
}

/** Whether what is known of a call is the same, whatever was decided of it. */
function hasSameFields(a: Call, b: Call): boolean {
  return (
    hasSameSources(a.sources, b.sources) &&
    a.provider_call_id === b.provider_call_id &&
    CALL_FIELDS.every((field) => a[field] === b[field]) &&
    isSameLink(a.link, b.link) &&
    isSameRecordings(a.recordings, b.recordings)
  )
}

/** Whether the stored call differs in nothing but what was decided of it, and waits for nothing more. */
export const isOnlyDecided = (call: Call, stored: Call): boolean => call.pending === null && hasSameFields(call, stored)

/** Whether the stored opportunity differs in nothing but its attempts and its status. */
export const isOnlyTried = (opportunity: Opportunity, stored: Opportunity): boolean =>
  opportunity.title === stored.title &&
  opportunity.assigned_to === stored.assigned_to &&
  opportunity.source === stored.source

function hasSameSources(a: Sources, b: Sources): boolean {
  if (a === b) return true
  const fields = Object.keys({ ...a, ...b }) as (keyof CallFields)[]
  return fields.every((field) => a[field] === b[field])
}

const isSameLink = (a: Call['link'], b: Call['link']): boolean =>
  a === b || (a?.how === b?.how && a?.candidates.join() === b?.candidates.join())

const isSameRecordings = (a: Call['recordings'], b: Call['recordings']): boolean =>
  a === b ||
  (a.length === b.length &&
    a.every((one, place) => {
      const other = b[place]
      return one.provider_recording_id === other?.provider_recording_id && one.file_name === other?.file_name
    }))

const CALL_FIELDS = [
  'entity_type',
  'entity_id',
  'direction',
  'call_status',
  'call_result',
  'resumen_llamada',
  'phone_number',
  'extension',
  'started_at',
  'answered_at',
  'ended_at',
  'duration_seconds',
] as const satisfies readonly (keyof CallFields)[]
