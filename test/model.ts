/**
 * A naive model of the service that knows only the rules page (A1 to B18): one thread, no database, everything looked
 * up and worked out again each time. It is there to be compared with the real service, so it shares nothing with it.
 * It has the REST doors; the machines' doors (B13, B15, B17 and the ranks of B10) are not in it.
 * Times are milliseconds since 1970, UTC. Ids are compared, and given back, in lower case.
 */

export type Colour = 'green' | 'orange' | 'red'

export interface ModelCallFields {
  entity_type: string | null
  entity_id: string | null
  direction: 'inbound' | 'outbound' | 'internal'
  call_status: string | null
  call_result: string | null
  resumen_llamada: string | null
  started_at: number | null
}

export interface ModelSync {
  from?: number
  to?: number
  contact_id?: string
  before_opportunity?: boolean
}

export interface ModelSyncCounts {
  seen: number
  registered: number
  before_opportunity: number
  turned_away: Record<string, number>
}

/** An attempt as A12 shows it; its number is its place in the list + 1. */
export interface ModelAttempt {
  status: Colour
  call_id: string
  attempted_at: number
  notes: string
}

export interface ModelOpportunityView {
  id: string
  contact_id: string
  status: string
  created_at: number
  attempts: ModelAttempt[]
  first_call_completed: boolean
  first_call_successful_attempt: number | null
  last_contact_attempt_at: number | null
}

export type ModelOutcome =
  | 'not_outbound'
  | 'not_a_contact'
  | 'unknown_contact'
  | 'registered'
  | 'limit_reached'
  | 'first_call_completed'
  | 'no_open_opportunity'
  | 'pending'

export interface ModelCallView extends ModelCallFields {
  id: string
  provider: string | null
  provider_call_id: string | null
  created_at: number
  attempt: { outcome: ModelOutcome; opportunity_id: string | null; number: number | null; status: Colour | null }
}

export interface ModelNewCall extends Partial<ModelCallFields> {
  id: string
  created_at: number
  direction: ModelCallFields['direction']
  provider?: string | null
  provider_call_id?: string | null
}

export interface ModelNewOpportunity {
  id: string
  contact_id: string
  created_at: number
  status?: string
  first_call_attempts?: Record<string, ModelAttempt>
  first_call_completed?: boolean
}

/** `given` is the number under which an attempt was brought in (B7); `foreign` says that it is no call's of ours. */
interface Attempt extends ModelAttempt {
  foreign: boolean
  given: number
}

interface Opportunity {
  id: string
  contact_id: string
  status: string
  created_at: number
  completedElsewhere: boolean
  attempts: Attempt[]
}

interface Call extends Omit<ModelCallView, 'attempt'> {
  outcome: ModelOutcome
  opportunity_id: string | null
  pendingSince: number | null
}

type Must = (holds: boolean, sentence: string) => void

const fieldNames: readonly (keyof ModelCallFields)[] = [
  'entity_type',
  'entity_id',
  'direction',
  'call_status',
  'call_result',
  'resumen_llamada',
  'started_at',
]

const lower = (id: string): string => id.toLowerCase()

/** B7: a `call_id` may be any text; one that is a UUID is the same in capitals. */
function comparable(callId: string): string {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(callId) ? lower(callId) : callId
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const isBlank = (text: string | null): boolean => text === null || text.trim() === ''

/** A1, second half: linked to a contact. */
const isLinked = (call: ModelCallFields): boolean => call.entity_type === 'contacts' && call.entity_id !== null

/** A1 */
const isEligible = (call: ModelCallFields): boolean => call.direction === 'outbound' && isLinked(call)

/** A3 */
function colourOf(call: Call): Colour {
  const word = (call.call_status ?? '').trim().toLowerCase()
  if (word === 'completed' || word === 'answered') return 'green'
  if (word === 'rejected') return 'red'
  return 'orange'
}

/** A12 */
const timeOf = (call: Call): number => call.started_at ?? call.created_at

/** A12 */
function notesOf(call: Call): string {
  if (!isBlank(call.resumen_llamada)) return call.resumen_llamada ?? ''
  if (!isBlank(call.call_result)) return call.call_result ?? ''
  return ''
}

/** A4 and A12: what the call says, but for notes that it does not have. */
function attemptOf(call: Call, notesSoFar: string): Attempt {
  const notes = notesOf(call) === '' ? notesSoFar : notesOf(call)
  return { status: colourOf(call), call_id: call.id, attempted_at: timeOf(call), notes, foreign: false, given: 0 }
}

const isActive = (opportunity: Opportunity): boolean =>
  ['pending', 'assigned', 'contacted'].includes(opportunity.status)

/** A7, B1 and B3 */
const isCompleted = (opportunity: Opportunity): boolean =>
  opportunity.completedElsewhere || opportunity.attempts.some((attempt) => attempt.status === 'green')

const isOpen = (opportunity: Opportunity): boolean => isActive(opportunity) && !isCompleted(opportunity)

/** A2: the newest, on a tie the one with the greatest id. */
function newest(opportunities: Opportunity[]): Opportunity | undefined {
  return opportunities.toSorted((a, b) => b.created_at - a.created_at || compareTexts(b.id, a.id))[0]
}

/** B4 for calls. */
const inCallOrder = (a: Call, b: Call): number =>
  timeOf(a) - timeOf(b) || a.created_at - b.created_at || compareTexts(a.id, b.id)

/** B5: is the attempt that this opportunity holds still rightly the call's? */
const fits = (call: ModelCallFields, holder: Opportunity): boolean =>
  isEligible(call) && call.entity_id === holder.contact_id

const keyOf = (call: { provider?: string | null; provider_call_id?: string | null }): string | null =>
  call.provider && call.provider_call_id ? JSON.stringify([call.provider, call.provider_call_id]) : null

export class Model {
  private readonly contacts = new Set<string>()
  private readonly opportunitiesById = new Map<string, Opportunity>()
  private readonly callsById = new Map<string, Call>()
  private readonly stoneIds = new Set<string>()
  private readonly stoneKeys = new Set<string>()
  private moment = 0

  createContact(id: string): void {
    this.contacts.add(lower(id))
  }

  deleteContact(id: string): 'deleted' | 'not_found' | 'conflict' {
    const contactId = lower(id)
    if (!this.contacts.has(contactId)) return 'not_found'
    if (this.opportunitiesOf(contactId).length > 0) return 'conflict'
    if (this.allCalls().some((call) => isLinked(call) && call.entity_id === contactId)) return 'conflict'
    this.contacts.delete(contactId)
    return 'deleted'
  }

  createOpportunity(given: ModelNewOpportunity): 'created' | 'refused' {
    const id = lower(given.id)
    const contactId = lower(given.contact_id)
    if (this.opportunitiesById.has(id)) return 'refused'

    const attempts: Attempt[] = []
    for (const [number, sent] of Object.entries(given.first_call_attempts ?? {})) {
      const callId = comparable(sent.call_id)
      if (callId.length < 1 || callId.length > 100) return 'refused'
      if (this.stoneIds.has(callId)) return 'refused' // B5
      if (this.holderOf(callId)) return 'refused' // B7
      if (attempts.some((attempt) => comparable(attempt.call_id) === callId)) return 'refused' // A4
      const call = this.callsById.get(callId)
      if (call === undefined) attempts.push({ ...sent, foreign: true, given: Number(number) })
      else if (isEligible(call) && call.entity_id === contactId) attempts.push(attemptOf(call, sent.notes))
      else return 'refused' // B7
    }
    if (attempts.length > 5) return 'refused' // B7
    const hasGreen = attempts.some((attempt) => attempt.status === 'green')
    const saysGreen = Object.values(given.first_call_attempts ?? {}).some((sent) => sent.status === 'green')
    if ((hasGreen || saysGreen) && given.first_call_completed === false) return 'refused' // B7

    const status = given.status ?? 'pending'
    const opportunity: Opportunity = {
      id,
      contact_id: contactId,
      status: status === 'pending' && attempts.length > 0 ? 'contacted' : status, // A8
      created_at: given.created_at,
      completedElsewhere: given.first_call_completed === true && !hasGreen, // B1
      attempts,
    }
    this.opportunitiesById.set(id, opportunity)
    for (const attempt of attempts) {
      const call = attempt.foreign ? undefined : this.callsById.get(attempt.call_id)
      if (call) this.conclude(call, 'registered', opportunity)
    }
    return 'created' // B16: nothing else is considered again
  }

  patchOpportunity(id: string, changes: { status?: string }): 'updated' | 'not_found' {
    const opportunity = this.opportunitiesById.get(lower(id))
    if (opportunity === undefined) return 'not_found'
    const wasActive = isActive(opportunity)
    opportunity.status = changes.status ?? opportunity.status
    // B6: its status became active again, and it is then open.
    if (!wasActive && isOpen(opportunity) && this.turnedAwayBy(opportunity).length > 0) {
      for (const pending of this.pendingCallsOf([opportunity.contact_id])) this.decide(pending) // B9
      this.considerTurnedAwayBy(opportunity)
    }
    return 'updated'
  }

  deleteOpportunity(id: string): 'deleted' | 'not_found' | 'conflict' {
    const opportunity = this.opportunitiesById.get(lower(id))
    if (opportunity === undefined) return 'not_found'
    if (opportunity.attempts.length > 0) return 'conflict'
    if (this.allCalls().some((call) => call.opportunity_id === opportunity.id)) return 'conflict'
    this.opportunitiesById.delete(opportunity.id)
    return 'deleted'
  }

  createCall(
    sent: ModelNewCall,
    options: { registeringFails?: boolean; idWasSent?: boolean; sent?: readonly (keyof ModelCallFields)[] } = {},
  ): { result: 'created' | 'existing' | 'conflict' | 'unavailable'; id: string } {
    const id = lower(sent.id)
    const key = keyOf(sent)
    const known = key === null ? undefined : this.allCalls().find((call) => keyOf(call) === key)
    if (known) {
      if (options.idWasSent && id !== known.id) return { result: 'conflict', id }
      // B10, B11: what is brought replaces, what is absent or null keeps.
      const brought = (options.sent ?? fieldNames).filter((name) => (sent[name] ?? null) !== null)
      const changes: Partial<ModelCallFields> = Object.fromEntries(brought.map((name) => [name, sent[name]]))
      const result = this.change(known, changes, options.registeringFails ?? false)
      return { result: result === 'updated' ? 'existing' : result, id: known.id }
    }
    if (key !== null && this.stoneKeys.has(key)) return { result: 'conflict', id } // B5
    if (this.callsById.has(id) || this.stoneIds.has(id)) return { result: 'conflict', id } // B5

    const call: Call = {
      id,
      provider: sent.provider ?? null,
      provider_call_id: sent.provider_call_id ?? null,
      created_at: sent.created_at,
      entity_type: sent.entity_type?.toLowerCase() ?? null,
      entity_id: sent.entity_id?.toLowerCase() ?? null,
      direction: sent.direction,
      call_status: sent.call_status ?? null,
      call_result: sent.call_result ?? null,
      resumen_llamada: sent.resumen_llamada ?? null,
      started_at: sent.started_at ?? null,
      outcome: 'pending',
      opportunity_id: null,
      pendingSince: null,
    }
    this.callsById.set(id, call)
    this.register(call, options.registeringFails ?? false)
    return { result: 'created', id }
  }

  updateCall(
    id: string,
    changes: Partial<ModelCallFields>,
    options: { registeringFails?: boolean } = {},
  ): 'updated' | 'not_found' | 'unavailable' {
    const call = this.callsById.get(lower(id))
    if (call === undefined) return 'not_found'
    return this.change(call, changes, options.registeringFails ?? false)
  }

  deleteCall(id: string, options: { registeringFails?: boolean } = {}): 'deleted' | 'not_found' | 'unavailable' {
    const call = this.callsById.get(lower(id))
    if (call === undefined) return 'not_found'
    const holder = this.holderOf(call.id)
    if (holder && options.registeringFails) return 'unavailable' // B9
    if (holder) for (const pending of this.pendingCallsOf([holder.contact_id], call)) this.decide(pending) // B9

    this.callsById.delete(call.id)
    this.stoneIds.add(call.id) // B5
    const key = keyOf(call)
    if (key !== null) this.stoneKeys.add(key)
    if (holder) this.withdraw(call, holder)
    return 'deleted'
  }

  /** B9: registers all pending calls, the oldest pending first. */
  sweep(): void {
    for (const call of this.pendingCalls()) this.decide(call)
  }

  /** B16: goes through the stored eligible calls that no attempt holds, contact by contact, each contact's oldest first. */
  syncHistory(options: ModelSync = {}): ModelSyncCounts {
    const counts: ModelSyncCounts = { seen: 0, registered: 0, before_opportunity: 0, turned_away: {} }
    const { from = -Infinity, to = Infinity } = options
    const unheld = this.allCalls()
      .filter((call) => isEligible(call) && call.outcome !== 'registered' && call.outcome !== 'pending')
      .filter((call) => from <= timeOf(call) && timeOf(call) < to)
    for (const contactId of [...new Set(unheld.map((call) => call.entity_id ?? ''))].sort()) {
      if (options.contact_id && lower(options.contact_id) !== contactId) continue
      if (this.opportunitiesOf(contactId).some(isActive)) {
        for (const pending of this.pendingCallsOf([contactId])) this.decide(pending) // B9
      }
      for (const call of unheld.filter((one) => one.entity_id === contactId).toSorted(inCallOrder)) {
        counts.seen++
        const [, named] = this.holderOf(call.id) ? [] : this.answerTo(call)
        if (named && timeOf(call) < named.created_at && !options.before_opportunity) {
          counts.before_opportunity++
          continue
        }
        if (call.outcome !== 'registered') this.decide(call)
        if (call.outcome === 'registered') counts.registered++
        else counts.turned_away[call.outcome] = (counts.turned_away[call.outcome] ?? 0) + 1
      }
    }
    return counts
  }

  call(id: string): ModelCallView | null {
    const call = this.callsById.get(lower(id))
    if (call === undefined) return null
    const { outcome, opportunity_id, pendingSince: _, ...shown } = call
    const list = this.holderOf(call.id)
    const place = list ? this.inOrder(list).findIndex((one) => !one.foreign && one.call_id === call.id) : -1
    const status = (list && this.inOrder(list)[place]?.status) ?? null
    return { ...shown, attempt: { outcome, opportunity_id, number: place < 0 ? null : place + 1, status } }
  }

  opportunity(id: string): ModelOpportunityView | null {
    const opportunity = this.opportunitiesById.get(lower(id))
    if (opportunity === undefined) return null
    const attempts = this.inOrder(opportunity).map(({ foreign: _, given: __, ...shown }) => shown)
    const firstGreen = attempts.findIndex((attempt) => attempt.status === 'green')
    return {
      id: opportunity.id,
      contact_id: opportunity.contact_id,
      status: opportunity.status,
      created_at: opportunity.created_at,
      attempts,
      first_call_completed: isCompleted(opportunity),
      first_call_successful_attempt: firstGreen < 0 ? null : firstGreen + 1, // A7, B3
      last_contact_attempt_at: attempts.at(-1)?.attempted_at ?? null, // A8: in B4's order the last is the latest
    }
  }

  calls(): ModelCallView[] {
    return [...this.callsById.keys()].flatMap((id) => this.call(id) ?? [])
  }

  opportunities(): ModelOpportunityView[] {
    return [...this.opportunitiesById.keys()].flatMap((id) => this.opportunity(id) ?? [])
  }

  /** Every sentence of the rules page that any state must satisfy; gives the violated ones. */
  violations(): string[] {
    const violated: string[] = []
    const must = (holds: boolean, sentence: string): void => {
      if (!holds) violated.push(sentence)
    }
    const counted = this.allOpportunities().flatMap((one) => one.attempts.map((it) => comparable(it.call_id)))
    const keys = this.allCalls().flatMap((call) => keyOf(call) ?? [])
    must(new Set(counted).size === counted.length, 'A4: one call, one attempt')
    must(new Set(keys).size === keys.length, 'B12: a provider key is one call')
    for (const opportunity of this.allOpportunities()) {
      this.checkOpportunity(opportunity, must)
      for (const attempt of opportunity.attempts) this.checkAttempt(attempt, opportunity, must)
    }
    for (const call of this.allCalls()) this.checkCall(call, must)
    return violated
  }

  private checkOpportunity(opportunity: Opportunity, must: Must): void {
    const it = `opportunity ${opportunity.id}`
    const view = this.opportunity(opportunity.id)
    const times = view?.attempts.map((attempt) => attempt.attempted_at) ?? []
    const greens = view?.attempts.flatMap((attempt, place) => (attempt.status === 'green' ? [place + 1] : [])) ?? []
    const isDone = opportunity.completedElsewhere || greens.length > 0
    must(times.length <= 5, `A5: ${it} has never more than five`)
    must(times.toSorted((a, b) => a - b).join() === times.join(), `B4: ${it} is numbered by time`)
    must(view?.first_call_completed === isDone, `A7, B1, B3: ${it} is completed if an attempt is green`)
    must(view?.first_call_successful_attempt === (greens[0] ?? null), `B3: ${it} names its lowest green`)
    must((view?.last_contact_attempt_at ?? -Infinity) === Math.max(...times), `A8: ${it} has its latest time`)
  }

  private checkAttempt(attempt: Attempt, opportunity: Opportunity, must: Must): void {
    const it = `attempt ${attempt.call_id}`
    const call = this.callsById.get(comparable(attempt.call_id))
    must(!this.stoneIds.has(comparable(attempt.call_id)), `B5: ${it} is not of a deleted call`)
    must(attempt.foreign || call !== undefined, `B7: ${it} is foreign or a call's`)
    if (call === undefined) return
    if (attempt.foreign) must(call.outcome === 'pending', `B7: ${it} becomes its call's`)
    else must(fits(call, opportunity), `A1, B5: ${it} is of an eligible call of this contact`)
    if (call.outcome === 'pending') return // B8: as it was
    must(attempt.status === colourOf(call), `A3: ${it} has its call's colour`)
    must(attempt.attempted_at === timeOf(call), `A12: ${it} has its call's time`)
    must(['', attempt.notes].includes(notesOf(call)), `A4: ${it} has its call's notes`)
  }

  private checkCall(call: Call, must: Must): void {
    const it = `call ${call.id}`
    const { outcome } = call
    const key = keyOf(call)
    const holder = this.holderOf(call.id)
    const named = this.opportunitiesById.get(call.opportunity_id ?? '')
    const isTurnedAway = outcome === 'limit_reached' || outcome === 'first_call_completed'
    must(!this.stoneIds.has(call.id) && !this.stoneKeys.has(key ?? ''), `B5: ${it} is not a deleted one`)
    must((call.opportunity_id !== null) === (named !== undefined), `B8: ${it} names an opportunity that exists`)
    must((outcome === 'pending') === (call.pendingSince !== null), `B9: ${it} is pending since a moment`)
    if (outcome === 'pending') {
      must(isEligible(call) || holder !== undefined, `B9: ${it} is pending, so it has something to register`)
      return
    }
    const apart = call.direction !== 'outbound' ? 'not_outbound' : isLinked(call) ? null : 'not_a_contact'
    const says = outcome === 'not_outbound' || outcome === 'not_a_contact' ? outcome : null
    must(says === apart, `A1, B8: ${it} says whether it is eligible`)
    must((outcome === 'registered') === (holder !== undefined), `B8: ${it} says whether it is registered`)
    must(outcome !== 'registered' || holder === named, `B8: ${it} names the opportunity where it is registered`)
    must((outcome === 'registered' || isTurnedAway) === (named !== undefined), `B8: ${it} names who decided it`)
    must(!named || named.contact_id === call.entity_id, `B8: ${it} names an opportunity of its contact`)
    if (!isTurnedAway || !named || !isOpen(named)) return
    must(named.attempts.length === 5, `B6, A13: ${it} does not wait where there is room`)
    must(outcome === 'limit_reached', `B6: ${it} has the reason that holds since its opportunity opened again`)
  }

  /** A person's change of a call: PUT, PATCH, or a POST with its provider key. B16: even one that changes nothing. */
  private change(call: Call, changes: Partial<ModelCallFields>, fails: boolean): 'updated' | 'unavailable' {
    const changed: Call = { ...call, ...changes }
    changed.entity_type = changed.entity_type?.toLowerCase() ?? null
    changed.entity_id = changed.entity_id?.toLowerCase() ?? null
    const holder = this.holderOf(call.id)
    if (fails && holder && !fits(changed, holder)) return 'unavailable' // B9
    Object.assign(call, changed)
    this.register(call, fails)
    return 'updated'
  }

  /** The call is saved; now its attempt. All doors end here. */
  private register(call: Call, fails: boolean): void {
    const holder = this.holderOf(call.id)
    if (fails && (isEligible(call) || holder)) {
      call.outcome = 'pending' // A9, B8: the rest stays as it was
      call.pendingSince ??= ++this.moment
      return
    }
    // B9: the contacts of whose opportunities a next state is decided for this call; on a move, both.
    const contactIds: string[] = []
    if (holder) contactIds.push(holder.contact_id)
    if (isEligible(call) && this.opportunitiesOf(call.entity_id).some(isActive)) contactIds.push(call.entity_id ?? '')
    for (const pending of this.pendingCallsOf(contactIds, call)) this.decide(pending)
    this.decide(call)
  }

  private decide(call: Call): void {
    const holder = this.holderOf(call.id)
    if (holder && fits(call, holder)) {
      this.updateAttempt(call, holder) // A4, B2
      return
    }
    if (holder) this.withdraw(call, holder) // B5
    const [outcome, opportunity] = this.answerTo(call)
    if (outcome === 'registered' && opportunity) {
      opportunity.attempts.push(attemptOf(call, ''))
      if (opportunity.status === 'pending') opportunity.status = 'contacted' // A8: by a new attempt only
    }
    this.conclude(call, outcome, opportunity)
  }

  /** B8, for a call that is not an attempt: the first that holds. */
  private answerTo(call: Call): [ModelOutcome, Opportunity?] {
    if (call.direction !== 'outbound') return ['not_outbound']
    if (!isLinked(call)) return ['not_a_contact']
    const opportunities = this.opportunitiesOf(call.entity_id)
    if (opportunities.length === 0 && !this.contacts.has(call.entity_id ?? '')) return ['unknown_contact'] // B18
    const open = newest(opportunities.filter(isOpen)) // A2
    if (open) return [open.attempts.length < 5 ? 'registered' : 'limit_reached', open] // A5
    const active = newest(opportunities.filter(isActive))
    if (active) return ['first_call_completed', active]
    return ['no_open_opportunity']
  }

  /** A4; and B7: a foreign attempt with the call's id is the call's from now on. */
  private updateAttempt(call: Call, holder: Opportunity): void {
    const wasCompleted = isCompleted(holder)
    holder.attempts = holder.attempts.map((attempt) =>
      comparable(attempt.call_id) === call.id ? attemptOf(call, attempt.notes) : attempt,
    )
    this.conclude(call, 'registered', holder)
    if (wasCompleted && isOpen(holder)) this.considerTurnedAwayBy(holder) // B3, B6
  }

  private withdraw(call: Call, holder: Opportunity): void {
    holder.attempts = holder.attempts.filter((attempt) => comparable(attempt.call_id) !== call.id)
    if (isOpen(holder)) this.considerTurnedAwayBy(holder) // B5, B6
  }

  /** B8: stored as of the call's last decision. */
  private conclude(call: Call, outcome: ModelOutcome, opportunity: Opportunity | undefined): void {
    call.outcome = outcome
    call.opportunity_id = opportunity?.id ?? null
    call.pendingSince = null
  }

  /** B6 */
  protected considerTurnedAwayBy(opportunity: Opportunity): void {
    for (const call of this.turnedAwayBy(opportunity)) this.decide(call)
  }

  /** B6: in B4's order. */
  private turnedAwayBy(opportunity: Opportunity): Call[] {
    return this.allCalls()
      .filter((call) => call.outcome === 'limit_reached' || call.outcome === 'first_call_completed')
      .filter((call) => call.opportunity_id === opportunity.id && isEligible(call))
      .toSorted(inCallOrder)
  }

  private pendingCalls(): Call[] {
    return this.allCalls()
      .filter((call) => call.outcome === 'pending')
      .toSorted((a, b) => (a.pendingSince ?? 0) - (b.pendingSince ?? 0))
  }

  /** B9: those that go ahead of `other`. */
  pendingCallsOf(contactIds: string[], other?: Call): Call[] {
    return this.pendingCalls().filter(
      (call) => call !== other && isLinked(call) && contactIds.includes(call.entity_id ?? ''),
    )
  }

  /** B4 */
  private inOrder(opportunity: Opportunity): Attempt[] {
    return opportunity.attempts.toSorted((a, b) => {
      if (a.attempted_at !== b.attempted_at) return a.attempted_at - b.attempted_at
      if (a.foreign !== b.foreign) return a.foreign ? -1 : 1
      if (a.foreign) return a.given - b.given
      const created = (attempt: Attempt): number => this.callsById.get(attempt.call_id)?.created_at ?? 0
      return created(a) - created(b) || compareTexts(a.call_id, b.call_id)
    })
  }

  /** The opportunity that has an attempt with this call's id, whoever's it is (B7). */
  private holderOf(callId: string): Opportunity | undefined {
    return this.allOpportunities().find((opportunity) =>
      opportunity.attempts.some((attempt) => comparable(attempt.call_id) === callId),
    )
  }

  private opportunitiesOf(contactId: string | null): Opportunity[] {
    return this.allOpportunities().filter((opportunity) => opportunity.contact_id === contactId)
  }

  private allOpportunities(): Opportunity[] {
    return [...this.opportunitiesById.values()]
  }

  private allCalls(): Call[] {
    return [...this.callsById.values()]
  }
}
