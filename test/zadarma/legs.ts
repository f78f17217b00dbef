import { localTime } from './local-time.ts'
import type { Random } from './random.ts'
import type { Leg, Scenario } from './scenario.ts'

/** The number of the PBX, which stands before its extensions at times. */
export const PBX = '12345'

const NAMES = ['Paulina', 'José Ángel', 'Ana "la jefa"', 'O’Brien']

/** What a call is made from. */
export interface Circumstances {
  numbers: readonly string[]
  extensions: readonly string[]
  zone: string
  random: Random
  /** The start, as a Unix time. */
  second: number
}

/** `<unix seconds>.<n>`, whose zeros at the end count. */
export function callId(second: number, random: Random): string {
  const digits = random.characters(random.between(4, 8), '0123456789')
  return `${second}.${digits}${random.chance(0.25) ? '0' : random.between(1, 9)}`
}

/** To the far number: the leg that decides. */
export function outgoingLeg(scenario: Scenario, circumstances: Circumstances, recordingId: string | undefined): Leg {
  const { extension, number, disposition, durationSeconds, pbx_call_id } = scenario
  const { random, second } = circumstances
  return leg(circumstances, {
    second,
    recordingId,
    sip: random.chance(0.2) ? `${PBX}-${extension}` : extension,
    clid: random.chance(0.8) ? `${random.pick(NAMES)} ${extension} (${extension})` : extension,
    destination: number.slice(1),
    disposition,
    seconds: durationSeconds,
    pbx_call_id,
  })
}

/** To the agent, who answers. */
export function agentLeg(
  { extension, number, pbx_call_id }: Scenario,
  circumstances: Circumstances,
  after: number,
  recordingId: string | undefined,
): Leg {
  return leg(circumstances, {
    second: circumstances.second + after,
    recordingId,
    sip: extension,
    clid: number.slice(1),
    destination: extension,
    disposition: 'answered',
    seconds: circumstances.random.between(1, 60),
    pbx_call_id,
  })
}

/** At times colleagues call each other: legs with no id of a call. */
export function withStrangers(scenario: Scenario, circumstances: Circumstances): Scenario {
  const { random, second, extensions } = circumstances
  if (random.chance(0.06)) {
    const [from, to] = [random.pick(extensions), random.pick(extensions)]
    scenario.legs.push(
      leg(circumstances, {
        second: second + random.between(0, 60),
        recordingId: undefined,
        sip: from,
        clid: `${random.pick(NAMES)} ${from} (${from})`,
        destination: to,
        disposition: 'answered',
        seconds: random.between(1, 60),
        pbx_call_id: null,
      }),
    )
  }
  return scenario
}

interface LegFields {
  second: number
  recordingId: string | undefined
  sip: string
  clid: string
  destination: string
  disposition: string
  seconds: number
  pbx_call_id: string | null
}

/** A row, with each value as a text, a number or a boolean by chance. */
export function leg({ random, zone }: Circumstances, fields: LegFields): Leg {
  const { second, recordingId, disposition, pbx_call_id } = fields
  /** As text, or bare where that is a number in JSON. */
  const either = (text: string): string =>
    /^(0|[1-9]\d*)(\.\d+)?$/.test(text) && random.chance(0.5) ? text : JSON.stringify(text)
  const isRecorded = String(recordingId !== undefined)
  const json: Record<string, string> = {
    call_id: either(recordingId ?? callId(second, random)),
    sip: either(fields.sip),
    callstart: JSON.stringify(localTime(second * 1_000, zone)),
    clid: either(fields.clid),
    destination: either(fields.destination),
    disposition: JSON.stringify(disposition === 'failed' ? 'call failed' : disposition),
    seconds: either(String(fields.seconds)),
    is_recorded: random.chance(0.5) ? isRecorded : JSON.stringify(isRecorded),
  }
  if (pbx_call_id !== null) json.pbx_call_id = JSON.stringify(pbx_call_id)
  else if (random.chance(0.5)) json.pbx_call_id = random.pick(['null', '""'])
  const entries = Object.entries(json).map(([name, value]) => `${JSON.stringify(name)}:${value}`)
  return { startedAt: second * 1_000, json: `{${entries.join(',')}}` }
}
