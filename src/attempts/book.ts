import type { Call, Recording } from '../calls/call.ts'
import type { Trace } from '../calls/doubts.ts'
import type { DialRequest, NumberHolder } from '../calls/link.ts'
import type { Opportunity } from '../opportunities/opportunity.ts'
import type { Decided, MailDoubt, ReviewDecision } from '../review/item.ts'
import type { Instant } from '../time.ts'
import { type Decision, newestOpenOf, type Situation } from './attempt.ts'

/** An answer that is kept for a repeated `Idempotency-Key`. */
export interface Answer {
  status: number
  body: unknown
}

/** An `Idempotency-Key` as it is stored: per owner, and for a batch one per place. */
export interface AnswerKey {
  owner: string
  key: string
  place: number
  /** Tells whether a repeated key comes with the same request. */
  requestHash: string
}

/** What was read for a batch, in plain lists. */
export interface Reading {
  now: Instant
  opportunities: readonly Opportunity[]
  calls: readonly Call[]
  /** Whether nothing was read of the calls but what a decision rests on. */
  areCallsBare: boolean
  /** Ids and provider keys of deleted calls (B5). */
  stones: readonly { id: string; provider: string | null; provider_call_id: string | null; isErased: boolean }[]
  /** B7: which opportunity holds a call's id as a foreign attempt. */
  foreignAttempts: readonly { call_id: string; opportunity_id: string }[]
  knownContactIds: readonly string[]
  /** The request of each key that was used before, and what was answered at the place asked for. */
  answers: readonly (AnswerKey & { answer: Answer | null })[]
  /** Contacts that have a number asked for. */
  contacts: readonly { id: string; created_at: Instant; number: string }[]
  /** Those with a number asked for that no call has answered yet, and those asked for by id. */
  dialRequests: readonly DialRequest[]
  /** Calls of a provider with a number and start asked for. */
  sameMoment: readonly Trace[]
  /** Whose the recordings asked for are; the call may be deleted. */
  recordings: readonly { provider: string; provider_recording_id: string; call_id: string; isDeleted: boolean }[]
  /** Whose the files asked for are: a call's, which may be deleted, or null where an item of the review list has it. */
  files: readonly { file_name: string; call_id: string | null; isDeleted: boolean }[]
  /** What a person is to decide, or has decided. */
  reviewItems: readonly { id: string; decision: ReviewDecision | null }[]
}

const providerKey = (provider: string, callId: string): string => JSON.stringify([provider, callId])

const momentKey = ({ phone_number, started_at }: Pick<Trace, 'phone_number' | 'started_at'>): string =>
  `${phone_number} ${started_at}`

const requestKey = ({ owner, key }: AnswerKey): string => JSON.stringify([owner, key])

export const answerKey = ({ owner, key, place }: AnswerKey): string => JSON.stringify([owner, key, place])

/**
 * What is known while a batch is decided: what was read, and on top of it what the decisions so far have changed, so
 * that each decision sees the one before it.
 */
export class Book {
  readonly now: Instant
  /** Whether no more is known of the calls than a decision rests on: nothing but the decision is written of them. */
  readonly areCallsBare: boolean
  readonly #readOpportunities: ReadonlyMap<string, Opportunity>
  readonly #readCalls: ReadonlyMap<string, Call>
  readonly #opportunities = new Map<string, Opportunity>()
  readonly #opportunitiesByContact = new Map<string, Set<string>>()
  readonly #calls = new Map<string, Call>()
  readonly #callsByNumber = new Map<string, Set<string>>()
  /** With the calls that the batch has taken away from a contact: that they are gone is something seen, too. */
  readonly #callsByContact = new Map<string, Set<string>>()
  readonly #callsByProviderKey = new Map<string, string>()
  /** Ids and provider keys of deleted calls, with the call's id where this batch deletes it. */
  readonly #stones = new Map<string, string | null>()
  /** Of those, the ones that were erased before. */
  readonly #erasedStones = new Set<string>()
  readonly #foreignHolders = new Map<string, string>()
  readonly #knownContacts: Set<string>
  readonly #answers = new Map<string, Answer>()
  /** For what request a key was used, with the answer's row where this batch is the first to use it. */
  readonly #requests = new Map<string, { requestHash: string; row: string | null }>()
  readonly #contactsByNumber = new Map<string, { id: string; created_at: Instant }[]>()
  readonly #readDialRequests: ReadonlyMap<string, DialRequest>
  readonly #dialRequests: Map<string, DialRequest>
  /** Calls of a provider, by number and start. */
  readonly #tracesByMoment = new Map<string, Trace[]>()
  readonly #callsByRecording = new Map<string, string>()
  readonly #callsByFile = new Map<string, string | null>()
  readonly #readRecordings = new Map<string, Recording>()
  readonly #reviewItems = new Map<string, ReviewDecision | null>()
  /** Rows that were looked at in a state which this batch has yet to write. */
  readonly #seen = new Set<string>()

  constructor(reading: Reading) {
    this.now = reading.now
    this.areCallsBare = reading.areCallsBare
    this.#readOpportunities = new Map(reading.opportunities.map((opportunity) => [opportunity.id, opportunity]))
    this.#readCalls = new Map(reading.calls.map((call) => [call.id, call]))
    this.#knownContacts = new Set(reading.knownContactIds)
    for (const opportunity of reading.opportunities) this.#putOpportunity(opportunity)
    for (const { provider, provider_recording_id, call_id, isDeleted } of reading.recordings) {
      this.#callsByRecording.set(providerKey(provider, provider_recording_id), call_id)
      if (isDeleted) this.#stones.set(call_id, null)
    }
    for (const { file_name, call_id, isDeleted } of reading.files) {
      this.#callsByFile.set(file_name, call_id)
      if (isDeleted && call_id !== null) this.#stones.set(call_id, null)
    }
    for (const call of reading.calls) {
      this.#putCall(call)
      for (const recording of call.recordings) this.#readRecordings.set(recording.id, recording)
    }
    for (const { number, ...contact } of reading.contacts) {
      const holders = this.#contactsByNumber.get(number)
      if (holders === undefined) this.#contactsByNumber.set(number, [contact])
      else holders.push(contact)
    }
    this.#readDialRequests = new Map(reading.dialRequests.map((request) => [request.id, request]))
    this.#dialRequests = new Map(this.#readDialRequests)
    for (const { id, decision } of reading.reviewItems) this.#reviewItems.set(id, decision)
    for (const trace of reading.sameMoment) this.#putTrace(trace)
    for (const { id, provider, provider_call_id, isErased } of reading.stones) {
      const key = provider !== null && provider_call_id !== null ? [providerKey(provider, provider_call_id)] : []
      for (const name of [id, ...key]) {
        this.#stones.set(name, null)
        if (isErased) this.#erasedStones.add(name)
      }
    }
    for (const { call_id, opportunity_id } of reading.foreignAttempts) this.#foreignHolders.set(call_id, opportunity_id)
    for (const stored of reading.answers) {
      this.#requests.set(requestKey(stored), { requestHash: stored.requestHash, row: null })
      if (stored.answer !== null) this.#answers.set(answerKey(stored), stored.answer)
    }
  }

  /** The opportunity as it was read, before any decision of the batch. */
  readOpportunity(id: string): Opportunity | undefined {
    return this.#readOpportunities.get(id)
  }

  /** The call as it was read, before any decision of the batch. */
  readCall(id: string): Call | undefined {
    return this.#readCalls.get(id)
  }

  /** A recording as it was read, of whichever call. */
  readRecording(id: string): Recording | undefined {
    return this.#readRecordings.get(id)
  }

  /** A row as it stands, which does not count as looked at: nothing is decided on it. */
  standing(id: string): { call: Call | undefined; opportunity: Opportunity | undefined } {
    return { call: this.#calls.get(id), opportunity: this.#opportunities.get(id) }
  }

  call(id: string): Call | undefined {
    return this.#see(id, this.#calls.get(id), this.#readCalls.get(id))
  }

  /**
   * The ids of the rows that were looked at since the last time and that the batch has changed: what was decided on
   * them stands or falls with those changes.
   */
  takeSeen(): string[] {
    const seen = [...this.#seen]
    this.#seen.clear()
    return seen
  }

  callByProviderKey(provider: string, callId: string): Call | undefined {
    const id = this.#callsByProviderKey.get(providerKey(provider, callId))
    return id === undefined ? undefined : this.call(id)
  }

  /** B17: the id of the call that has this recording, also of a deleted one. */
  callIdByRecording(provider: string, recordingId: string): string | undefined {
    return this.#callsByRecording.get(providerKey(provider, recordingId))
  }

  /** The id of the call whose recording a file is, also of a deleted one; null where an item of the review list has it. */
  callIdByFile(fileName: string): string | null | undefined {
    return this.#callsByFile.get(fileName)
  }

  /** The calls with this number that took place at most so far from a moment, of those that were asked for. */
  callsNear(number: string, moment: Instant, withinMs: number): Call[] {
    const calls = [...(this.#callsByNumber.get(number) ?? [])].flatMap((id) => this.call(id) ?? [])
    return calls.filter(
      ({ phone_number, started_at, created_at }) =>
        phone_number === number && Math.abs((started_at ?? created_at) - moment) <= withinMs,
    )
  }

  /** The contacts that have this number. */
  holdersOfNumber(number: string): NumberHolder[] {
    const contacts = this.#contactsByNumber.get(number) ?? []
    return contacts.map((contact) => ({ ...contact, newestOpen: newestOpenOf(this.situationOfContact(contact.id)) }))
  }

  /** A request to be put through, as it was read. */
  readDialRequest(id: string): DialRequest | undefined {
    return this.#readDialRequests.get(id)
  }

  dialRequest(id: string): DialRequest | undefined {
    return this.#see(id, this.#dialRequests.get(id), this.#readDialRequests.get(id))
  }

  /** Requests for this number that no call has answered, in this batch either. */
  openRequests(number: string): DialRequest[] {
    const ofNumber = [...this.#dialRequests.values()].filter(({ phone_number }) => phone_number === number)
    return ofNumber.flatMap(({ id }) => this.dialRequest(id) ?? []).filter(({ call_id }) => call_id === null)
  }

  /** What somebody said of the call of a request, while it is there and the PBX has not named it. */
  writtenCallOf({ written_call_id }: DialRequest): Call | null {
    const call = written_call_id === null ? undefined : this.call(written_call_id)
    return call === undefined || call.provider !== null || call.isErased ? null : call
  }

  /** Calls of a provider with this one's number and start, itself perhaps among them: each may be the same call. */
  sameMoment(call: Trace): readonly Trace[] {
    return this.#tracesByMoment.get(momentKey(call)) ?? []
  }

  /** B5: whether a call with this id, or with this provider's key, was deleted. */
  isDeleted(id: string | null, provider?: string | null, callId?: string | null): boolean {
    const keys = [
      ...(id === null ? [] : [id]),
      ...(provider != null && callId != null ? [providerKey(provider, callId)] : []),
    ]
    const stone = keys.find((key) => this.#stones.has(key))
    if (stone === undefined) return false
    const buriedNow = this.#stones.get(stone)
    if (buriedNow != null) this.#seen.add(buriedNow)
    return true
  }

  /** Whether a call with this id, or with this provider's key, was erased, whether it was deleted or not. */
  isErased(id: string | null, provider?: string | null, callId?: string | null): boolean {
    const key = provider != null && callId != null ? providerKey(provider, callId) : null
    if ([id, key].some((name) => name !== null && this.#erasedStones.has(name))) return true
    const ids = [id, key === null ? null : (this.#callsByProviderKey.get(key) ?? null)]
    return ids.some((one) => one !== null && this.call(one)?.isErased === true)
  }

  opportunity(id: string | null): Opportunity | undefined {
    return id === null ? undefined : this.#see(id, this.#opportunities.get(id), this.#readOpportunities.get(id))
  }

  /** The opportunity whose attempts hold this call's id, as foreign or as its own. */
  holderOf(callId: string): Opportunity | undefined {
    const isHolder = (opportunity: Opportunity | undefined): boolean =>
      opportunity?.attempts.some((attempt) => attempt.call_id === callId) ?? false
    const candidates = [this.#foreignHolders.get(callId), this.#calls.get(callId)?.opportunity_id ?? undefined]
    return candidates.map((id) => this.opportunity(id ?? null)).find(isHolder)
  }

  /** Whether an opportunity's attempts hold this id, of a call of ours or of an older system's (B7). */
  isHeldElsewhere(callId: string): boolean {
    const foreignHolder = this.#foreignHolders.get(callId)
    const isUnread = foreignHolder !== undefined && !this.#opportunities.has(foreignHolder)
    return isUnread || this.holderOf(callId) !== undefined
  }

  /** What was answered to this request before, at this place. */
  answer(key: AnswerKey): Answer | undefined {
    return this.#answers.get(answerKey(key))
  }

  /** Whether the key was used for another request, whatever its places. */
  wasUsedOtherwise(key: AnswerKey): boolean {
    const request = this.#requests.get(requestKey(key))
    if (request === undefined || request.requestHash === key.requestHash) return false
    if (request.row !== null) this.#seen.add(request.row)
    return true
  }

  /** What the heart may look at to decide this call, or one call for several. */
  situationOf(...calls: readonly Call[]): Situation {
    return this.#situation(
      calls.flatMap(({ id, entity_id }) => [
        ...(entity_id === null ? [] : [entity_id]),
        ...this.#contactsOfHolders(id),
      ]),
    )
  }

  /** What the heart may look at to decide a change of this contact's opportunities. */
  situationOfContact(contactId: string): Situation {
    return this.#situation([contactId])
  }

  /** The same for several contacts. */
  situationOfContacts(contactIds: readonly string[]): Situation {
    return this.#situation(contactIds)
  }

  apply(decision: Decision): void {
    for (const opportunity of decision.opportunities) this.#putOpportunity(opportunity)
    for (const call of decision.calls) this.#putCall(call)
  }

  changeDialRequest(id: string, changes: Partial<Pick<DialRequest, 'call_id' | 'written_call_id'>>): void {
    const request = this.#dialRequests.get(id)
    if (request !== undefined) this.#dialRequests.set(id, { ...request, ...changes })
  }

  /** What was decided of an item of the review list; null while nothing was, undefined where there is no such item. */
  itemDecision(id: string): ReviewDecision | null | undefined {
    return this.#reviewItems.get(id)
  }

  /** A message waits for a person, and its audio with it. */
  openItem({ messageId, audio }: MailDoubt): void {
    this.#reviewItems.set(messageId, null)
    for (const { file_name } of audio) if (file_name !== null) this.#callsByFile.set(file_name, null)
  }

  decideItem({ itemId, decision }: Decided): void {
    this.#reviewItems.set(itemId, decision)
  }

  /** B5: the call is gone, its stone stays. */
  bury(call: Call): void {
    this.#calls.delete(call.id)
    this.#stones.set(call.id, call.id)
    if (call.provider !== null && call.provider_call_id !== null) {
      this.#stones.set(providerKey(call.provider, call.provider_call_id), call.id)
    }
  }

  remember(key: AnswerKey, answer: Answer): void {
    const row = answerKey(key)
    this.#answers.set(row, answer)
    if (!this.#requests.has(requestKey(key))) this.#requests.set(requestKey(key), { requestHash: key.requestHash, row })
  }

  /** The contacts of the opportunities that count this call, or may, as their own or as a foreign one. */
  #contactsOfHolders(callId: string): string[] {
    const holderIds = [this.#calls.get(callId)?.opportunity_id ?? null, this.#foreignHolders.get(callId) ?? null]
    return holderIds.flatMap((id) => this.opportunity(id)?.contact_id ?? [])
  }

  #situation(concerned: readonly string[]): Situation {
    const opportunities: Opportunity[] = []
    const calls: Call[] = []
    // It grows: a pending call may be counted by an opportunity of another contact, where it then is withdrawn (B9).
    const contactIds = new Set(concerned)
    for (const contactId of contactIds) {
      for (const id of this.#opportunitiesByContact.get(contactId) ?? []) {
        const opportunity = this.opportunity(id)
        if (opportunity !== undefined) opportunities.push(opportunity)
      }
      for (const id of this.#callsByContact.get(contactId) ?? []) {
        const call = this.call(id)
        if (call?.entity_id !== contactId) continue
        calls.push(call)
        if (call.pending !== null) for (const other of this.#contactsOfHolders(id)) contactIds.add(other)
      }
    }
    return { opportunities, calls, isKnownContact: (id) => this.#knownContacts.has(id), now: this.now }
  }

  #see<Row>(id: string, present: Row | undefined, read: Row | undefined): Row | undefined {
    if (present !== read) this.#seen.add(id)
    return present
  }

  #putOpportunity(opportunity: Opportunity): void {
    for (const { call_id, call_created_at } of opportunity.attempts) {
      if (call_created_at === null) this.#foreignHolders.set(call_id, opportunity.id)
    }
    this.#opportunities.set(opportunity.id, opportunity)
    addTo(this.#opportunitiesByContact, opportunity.contact_id, opportunity.id)
    this.#knownContacts.add(opportunity.contact_id)
  }

  #putTrace({ id, phone_number, extension, started_at }: Trace): void {
    const key = momentKey({ phone_number, started_at })
    const others = (this.#tracesByMoment.get(key) ?? []).filter((trace) => trace.id !== id)
    this.#tracesByMoment.set(key, [...others, { id, phone_number, extension, started_at }])
  }

  #putCall(call: Call): void {
    this.#calls.set(call.id, call)
    if (call.entity_id !== null) addTo(this.#callsByContact, call.entity_id, call.id)
    if (call.phone_number !== null) addTo(this.#callsByNumber, call.phone_number, call.id)
    if (call.provider !== null && call.provider_call_id !== null) {
      this.#callsByProviderKey.set(providerKey(call.provider, call.provider_call_id), call.id)
    }
    if (call.provider !== null && call.started_at !== null) this.#putTrace(call)
    for (const { provider, provider_recording_id: name, file_name } of call.recordings) {
      if (name !== null) this.#callsByRecording.set(providerKey(provider, name), call.id)
      if (file_name !== null) this.#callsByFile.set(file_name, call.id)
    }
  }
}

function addTo(index: Map<string, Set<string>>, key: string, value: string): void {
  const values = index.get(key)
  if (values === undefined) index.set(key, new Set([value]))
  else values.add(value)
}
