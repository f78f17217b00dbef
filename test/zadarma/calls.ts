import type { Instant } from '../../src/time.ts'
import { agentLeg, type Circumstances, callId, leg, outgoingLeg, PBX, withStrangers } from './legs.ts'
import { localTime } from './local-time.ts'
import { createRandom, type Random } from './random.ts'
import type { NotificationFields, Scenario } from './scenario.ts'

interface MakeCalls {
  seed: number
  count: number
  /** When the first call begins at the earliest. */
  from: Instant
  /** Far numbers, in E.164. */
  numbers: readonly string[]
  extensions: readonly string[]
  /** The account's zone, as IANA names it. */
  zone: string
  /** From one call to the next. */
  maximumPauseSeconds?: number
}

const OWN_NUMBER = '34910123456'

const OUTGOING = [
  ...Array<string>(9).fill('answered'),
  ...Array<string>(6).fill('no answer'),
  ...Array<string>(3).fill('busy'),
  ...Array<string>(3).fill('cancel'),
  'failed',
  'failed',
  'unallocated number',
  'no money',
  'no money, no limit',
  'line limit',
]
const INCOMING = ['answered', 'answered', 'answered', 'no answer', 'cancel', 'busy']
const CALLBACK = ['answered', 'no answer', 'busy']

/**
 * Calls of an account, oldest first. Whatever is left out of the notifications of a call, its statistics tell the same of
 * it: the far number, the extension, the first leg's start, the disposition and the duration of the leg that decides
 * (outgoing: the one to the far number; incoming: the answered one, else the last).
 */
export function makeCalls({ seed, count, from, maximumPauseSeconds = 600, ...world }: MakeCalls): Scenario[] {
  const random = createRandom(seed)
  let second = Math.floor(from / 1_000)
  return Array.from({ length: count }, () => {
    second += random.between(1, maximumPauseSeconds)
    const kind = random.fraction()
    const make = kind < 0.72 ? makeOutgoing : kind < 0.8 ? makeCallback : makeIncoming
    return make({ ...world, random, second })
  })
}

// ── Three kinds of calls ────────────────────────────────────────────────────────────────────────────────────────────

function makeOutgoing(circumstances: Circumstances): Scenario {
  const { random } = circumstances
  const scenario = begin('outgoing', circumstances, random.pick(OUTGOING))
  addRecordings(scenario, circumstances)
  scenario.legs.push(outgoingLeg(scenario, circumstances, scenario.recordingIds[0]))
  // Parked and fetched back: a second recording, on a leg to the agent.
  if (scenario.recordingIds[1] !== undefined) {
    scenario.legs.push(agentLeg(scenario, circumstances, 20, scenario.recordingIds[1]))
  }
  scenario.notifications.push(...outgoingNotifications(scenario, circumstances, {}))
  return withStrangers(scenario, circumstances)
}

/** Two legs under one id: to the agent, who answers, and then to the contact. */
function makeCallback(circumstances: Circumstances): Scenario {
  const { random } = circumstances
  const scenario = begin('callback', circumstances, random.pick(CALLBACK))
  addRecordings(scenario, circumstances)
  scenario.legs.push(agentLeg(scenario, circumstances, 0, scenario.recordingIds[1]))
  scenario.legs.push(outgoingLeg(scenario, circumstances, scenario.recordingIds[0]))
  scenario.notifications.push(...outgoingNotifications(scenario, circumstances, { calltype: 'callback_leg2' }))
  return withStrangers(scenario, circumstances)
}

/** Rings one extension after the other; the last one answers, or nobody does. */
function makeIncoming(circumstances: Circumstances): Scenario {
  const { random, zone, extensions, second } = circumstances
  const scenario = begin('incoming', circumstances, random.pick(INCOMING))
  const { number, extension, disposition, durationSeconds } = scenario
  const others = random.shuffled(extensions.filter((other) => other !== extension)).slice(0, random.between(0, 2))
  const rung = [...others, extension]
  // Each is on a leg of its own.
  addRecordings(scenario, circumstances, rung.length)
  const common = (at: number): Record<string, string> => ({
    call_start: localTime(at * 1_000, zone),
    pbx_call_id: scenario.pbx_call_id,
    caller_id: written(number, random),
    called_did: OWN_NUMBER,
  })
  scenario.notifications.push({ event: 'NOTIFY_START', ...common(second) })
  for (const [index, internal] of rung.entries()) {
    // As it was seen: its time is when this extension began to ring.
    scenario.notifications.push({ event: 'NOTIFY_INTERNAL', ...common(second + 4 * (index + 1)), internal })
  }
  if (disposition === 'answered') {
    const { called_did: _, ...answer } = common(second)
    scenario.notifications.push({ event: 'NOTIFY_ANSWER', ...answer, destination: extension, internal: extension })
  }
  scenario.notifications.push({
    event: 'NOTIFY_END',
    ...common(second),
    // Where only one has rung, it is at times left out.
    ...(others.length > 0 || random.chance(0.7) ? { internal: extension, last_internal: extension } : {}),
    ...endOf(scenario, random),
  })
  scenario.notifications.push(...recordNotifications(scenario))
  for (const [index, internal] of rung.entries()) {
    const isDeciding = internal === extension
    const recordingId = isDeciding ? scenario.recordingIds[0] : index === 0 ? scenario.recordingIds[1] : undefined
    scenario.legs.push(
      leg(circumstances, {
        second: second + (index === 0 ? 0 : 4 * (index + 1)),
        recordingId,
        sip: OWN_NUMBER,
        clid: number.slice(1),
        destination: internal,
        disposition: isDeciding ? disposition : unanswered(disposition),
        seconds: isDeciding ? durationSeconds : 0,
        pbx_call_id: scenario.pbx_call_id,
      }),
    )
  }
  return withStrangers(scenario, circumstances)
}

/** What the statistics say of an extension at which nobody took the call. */
const unanswered = (disposition: string): string => (disposition === 'answered' ? 'no answer' : disposition)

// ── What they are made of ───────────────────────────────────────────────────────────────────────────────────────────

function begin(kind: Scenario['kind'], circumstances: Circumstances, disposition: string): Scenario {
  const { random, numbers, extensions, second } = circumstances
  const isAnswered = disposition === 'answered'
  return {
    kind,
    pbx_call_id: `${kind === 'incoming' ? 'in' : 'out'}_${random.characters(40, '0123456789abcdef')}`,
    number: random.pick(numbers),
    extension: random.pick(extensions),
    startedAt: second * 1_000,
    disposition,
    // Seconds are counted at times though nobody answered.
    durationSeconds: isAnswered ? random.between(1, 900) : random.chance(0.2) ? random.between(1, 30) : 0,
    recordingIds: [],
    recordings: [],
    notifications: [],
    legs: [],
  }
}

/** Up to two of what was answered; at times one is named of what was not, and can never be had. */
function addRecordings(scenario: Scenario, { random, zone, second }: Circumstances, maximum = 2): void {
  const isAnswered = scenario.disposition === 'answered'
  const wanted = Math.min(maximum, isAnswered ? random.pick([0, 1, 1, 1, 2]) : random.chance(0.05) ? 1 : 0)
  for (let index = 0; index < wanted; index++) {
    const id = callId(second + 5 + index, random)
    scenario.recordingIds.push(id)
    if (!isAnswered) continue
    const time = localTime(scenario.startedAt, zone).replace(' ', '-').replaceAll(':', '')
    const ending = random.chance(0.2) ? 'ogg' : 'mp3'
    scenario.recordings.push({ id, fileName: `${PBX}-${id}-${scenario.extension}-${time}.${ending}` })
  }
}

function outgoingNotifications(
  scenario: Scenario,
  { random, zone }: Circumstances,
  more: Record<string, string>,
): NotificationFields[] {
  const { pbx_call_id, number, extension: internal, startedAt, disposition } = scenario
  const common = { call_start: localTime(startedAt, zone), pbx_call_id, ...more }
  const notifications: NotificationFields[] = [
    { event: 'NOTIFY_OUT_START', ...common, caller_id: '0', internal, destination: written(number, random) },
  ]
  const known = (): Record<string, string> => ({
    ...common,
    caller_id: OWN_NUMBER,
    destination: written(number, random),
    internal,
  })
  if (disposition === 'answered') notifications.push({ event: 'NOTIFY_ANSWER', ...known() })
  notifications.push({ event: 'NOTIFY_OUT_END', ...known(), ...endOf(scenario, random) })
  // A recording is at times told before the end.
  const records = recordNotifications(scenario)
  if (random.chance(0.2)) notifications.splice(1, 0, ...records)
  else notifications.push(...records)
  return notifications
}

function endOf({ disposition, durationSeconds, recordingIds }: Scenario, random: Random): Record<string, string> {
  const [first] = recordingIds
  return {
    duration: String(durationSeconds),
    disposition: random.chance(0.05) ? ` ${disposition.toUpperCase()}` : disposition,
    status_code: disposition === 'busy' ? '17' : '16',
    is_recorded: first === undefined ? '0' : '1',
    ...(first !== undefined && (disposition !== 'answered' || random.chance(0.8)) ? { call_id_with_rec: first } : {}),
  }
}

function recordNotifications({ pbx_call_id, recordings }: Scenario): NotificationFields[] {
  return recordings.map(({ id }) => ({ event: 'NOTIFY_RECORD', pbx_call_id, call_id_with_rec: id }))
}

/** With `+`, without, and with `00` before it: all are seen. */
function written(number: string, random: Random): string {
  const digits = number.slice(1)
  return random.pick([number, number, digits, `00${digits}`])
}
