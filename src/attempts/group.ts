import type { Actor } from '../audit/actor.ts'
import type { Entry } from '../audit/entry.ts'
import type { Call, Recording } from '../calls/call.ts'
import type { Opportunity } from '../opportunities/opportunity.ts'
import { formatInstant, isOnlyDecided, isOnlyTried } from './attempt.ts'
import type { Book } from './book.ts'
import { answerKey } from './book.ts'
import type { Plan } from './change.ts'
import type { Writing } from './write.ts'

/** Which plans hang together, by the rows on which they rest: if one row has changed meanwhile, none is written. */
export class Groups {
  readonly #parents: number[] = []
  readonly #owners = new Map<string, number>()

  /** Takes in the next plan, which rests on these rows. */
  add(rows: Iterable<string>): void {
    const plan = this.#parents.push(this.#parents.length) - 1
    for (const row of rows) {
      const owner = this.#owners.get(row)
      if (owner === undefined) this.#owners.set(row, plan)
      else this.#parents[this.#root(owner)] = this.#root(plan)
    }
  }

  /** The number of the group to which a plan belongs, by the plan's place. */
  of(plan: number): number {
    return this.#root(plan)
  }

  #root(plan: number): number {
    let root = plan
    for (let parent = this.#parents[root]; parent !== undefined && parent !== root; parent = this.#parents[root]) {
      root = parent
    }
    return root
  }
}

/** The rows on which a plan rests: it is refused as a whole where one of them has changed. */
export function rowsOf(plan: Plan<unknown>): Set<string> {
  const rows = new Set(plan.restsOn)
  for (const { id } of plan.opportunities ?? []) rows.add(id)
  for (const { id } of plan.calls ?? []) rows.add(id)
  if (plan.newOpportunity !== undefined) rows.add(plan.newOpportunity.id)
  if (plan.deletedCall !== undefined) rows.add(plan.deletedCall.id)
  if (plan.answer !== undefined) rows.add(answerKey(plan.answer.key))
  for (const { id } of requestsIn(plan)) rows.add(id)
  return rows
}

const requestsIn = ({ answeredRequest, writtenRequest }: Plan<unknown>): { id: string }[] =>
  [answeredRequest, writtenRequest].filter((one) => one !== undefined)

/** A plan with what the audit keeps of it. */
interface Planned {
  plan: Plan<unknown>
  by: Actor
  entries: readonly Entry[]
}

/**
 * Turns the plans of a batch into what is written: of each row its last state, and the revision that was read. Everywhere
 * in one order of keys, so that no two batches wait for each other's.
 */
export function writingOf(book: Book, planned: readonly Planned[], groups: Groups): Writing {
  const writing: Writing = {
    opportunities: [],
    triedOpportunities: [],
    newOpportunities: [],
    calls: [],
    newCalls: [],
    decidedCalls: [],
    namedCalls: [],
    newForeignAttempts: [],
    goneForeignAttempts: [],
    requests: [],
    answers: [],
    recordings: [],
    audio: [],
    filled: [],
    goneRecordings: [],
    goneExpected: [],
    doubts: [],
    decisions: [],
    dialRequests: [],
    messages: [],
    audit: [],
    auditValues: [],
  }
  const gone = new Map<string, number>()
  const groupOfOpportunity = new Map<string, number>()
  const groupOfCall = new Map<string, number>()
  const groupOfRequest = new Map<string, number>()
  const at = formatInstant(book.now)
  planned.forEach(({ plan, by, entries }, place) => {
    const group = groups.of(place)
    for (const entry of entries) {
      writing.audit.push({ group, entry, at })
      if (entry.personal !== null) {
        writing.auditValues.push({ group, place: writing.audit.length, personal: entry.personal })
      }
    }
    for (const { id } of plan.opportunities ?? []) groupOfOpportunity.set(id, group)
    if (plan.newOpportunity !== undefined) groupOfOpportunity.set(plan.newOpportunity.id, group)
    for (const { id } of plan.calls ?? []) groupOfCall.set(id, group)
    if (plan.answer !== undefined) writing.answers.push({ group, ...plan.answer, now: book.now })
    for (const doubt of plan.doubts ?? []) {
      writing.doubts.push({ group, doubt, by, now: book.now })
      for (const recording of doubt.mail?.audio ?? []) {
        writing.audio.push({ group, callId: null, itemId: doubt.mail?.messageId ?? null, recording, now: book.now })
      }
    }
    for (const id of plan.goneRecordings ?? []) gone.set(id, group)
    for (const call_id of plan.goneForeignAttempts ?? []) writing.goneForeignAttempts.push({ group, call_id })
    if (plan.decided !== undefined) writing.decisions.push({ group, decided: plan.decided })
    for (const { id } of requestsIn(plan)) groupOfRequest.set(id, group)
    if (plan.message !== undefined) writing.messages.push({ group, message: plan.message, now: book.now })
  })
  for (const [id, group] of groupOfOpportunity) {
    const opportunity = book.opportunity(id)
    if (opportunity === undefined) continue
    const read = book.readOpportunity(id)
    if (read === undefined) writing.newOpportunities.push({ group, opportunity })
    else {
      const part = isOnlyTried(opportunity, read) ? 'triedOpportunities' : 'opportunities'
      writing[part].push({ group, opportunity, readRevision: read.revision })
    }
    const before = foreignIdsOf(read)
    const after = foreignIdsOf(opportunity)
    for (const call_id of after) {
      if (!before.has(call_id)) writing.newForeignAttempts.push({ group, call_id, opportunity_id: id })
    }
    for (const call_id of before) if (!after.has(call_id)) writing.goneForeignAttempts.push({ group, call_id })
  }
  planned.forEach(({ plan: { deletedCall } }, place) => {
    if (deletedCall === undefined) return
    groupOfCall.delete(deletedCall.id)
    const readRevision = book.readCall(deletedCall.id)?.revision
    const group = groups.of(place)
    if (readRevision === undefined) writing.newCalls.push({ group, call: deletedCall, isDeleted: true })
    else writing.calls.push({ group, call: deletedCall, readRevision, isDeleted: true })
  })
  for (const [id, group] of groupOfCall) {
    const call = book.call(id)
    if (call === undefined) continue
    const read = book.readCall(id)
    if (read === undefined) writing.newCalls.push({ group, call, isDeleted: false })
    else {
      const piece = { group, call, readRevision: read.revision, isDeleted: false }
      if (isOnlyDecided(call, read)) writing.decidedCalls.push(piece)
      else if (book.areCallsBare) throw new Error(`the call ${id} was not read whole, and is not written whole`)
      else if (read.provider === call.provider) writing.calls.push(piece)
      else writing.namedCalls.push(piece)
    }
    for (const recording of call.recordings) {
      const isKnown = read?.recordings.some((one) => isWritten(one, recording))
      if (isKnown === true) continue
      const before = book.readRecording(recording.id)
      const piece = { group, callId: id, itemId: null, recording, now: book.now }
      if (recording.status !== 'available') writing.recordings.push(piece)
      else if (before === undefined || before.status === 'available') writing.audio.push(piece)
      else writing.filled.push(piece)
    }
  }
  for (const [id, group] of groupOfRequest) {
    const [request, read] = [book.dialRequest(id), book.readDialRequest(id)]
    if (request !== undefined && read !== undefined) writing.dialRequests.push({ group, request, read })
  }
  for (const [id, group] of [...gone].sort(([a], [b]) => compare(a, b))) {
    const isExpected = (book.readRecording(id)?.status ?? 'available') !== 'available'
    writing[isExpected ? 'goneExpected' : 'goneRecordings'].push({ group, id })
  }
  // Of one whose item is closed by the same batch that opened it, what it has become.
  writing.audio = onceEach(writing.audio.toReversed(), ({ recording }) => recording.id)
  writing.newCalls.sort((a, b) => compare(keyOf(a.call), keyOf(b.call)))
  writing.answers.sort((a, b) => compare(answerKey(a.key), answerKey(b.key)))
  writing.requests = writing.answers.map(({ group, key, now }) => ({ group, key, now }))
  writing.recordings.sort((a, b) => compare(a.recording.id, b.recording.id))
  writing.filled.sort((a, b) => compare(a.recording.id, b.recording.id))
  writing.dialRequests.sort((a, b) => compare(a.request.id, b.request.id))
  writing.decisions.sort((a, b) => compare(a.decided.itemId, b.decided.itemId))
  writing.doubts = onceEach(writing.doubts, ({ doubt }) => doubt.naturalKey)
  writing.messages.sort((a, b) => compare(a.message.id, b.message.id))
  writing.newForeignAttempts.sort((a, b) => compare(a.call_id, b.call_id))
  return writing
}

/** Whether there is nothing to write of a recording that was read. */
const isWritten = (read: Recording, recording: Recording): boolean =>
  read.id === recording.id &&
  read.provider_recording_id === recording.provider_recording_id &&
  read.file_name === recording.file_name

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const keyOf = ({ provider, provider_call_id, id }: Call): string =>
  provider === null ? id : JSON.stringify([provider, provider_call_id])

/** The first of those with the same key, in the keys' order. */
function onceEach<Piece>(pieces: readonly Piece[], key: (piece: Piece) => string): Piece[] {
  const byKey = new Map(pieces.toReversed().map((piece) => [key(piece), piece]))
  return [...byKey].sort(([a], [b]) => compare(a, b)).map(([, piece]) => piece)
}

function foreignIdsOf(opportunity: Opportunity | undefined): Set<string> {
  const foreign = opportunity?.attempts.filter((attempt) => attempt.call_created_at === null) ?? []
  return new Set(foreign.map((attempt) => attempt.call_id))
}
