import { withoutEmpty } from '../attempts/attempt.ts'
import type { CallFields } from '../calls/call.ts'
import type { CallReport } from '../calls/report.ts'
import type { Instant } from '../time.ts'
import { PROVIDER, pbxCallOf } from './call-ids.ts'
import { isAnswered, resultOf } from './disposition.ts'
import { wholeSeconds } from './fields.ts'
import { inOrder, type Leg, readLeg, type StatisticsRow } from './leg.ts'
import { clientNumber, extensionOf, type NumberSettings, numberOfLine } from './phones.ts'

export interface StatisticsSettings extends NumberSettings {
  /** The account's zone, of the IANA list. */
  zone: string
}

/**
 * Reads rows of `GET /v1/statistics/pbx/`, one of which is a leg of a call. All rows of a call must be given together;
 * their order, and a row that is there twice, change nothing.
 *
 * @returns the calls, in the order in which they began, and how many rows have no `pbx_call_id` and so are no call's
 */
export function readStatistics(
  rows: readonly StatisticsRow[],
  settings: StatisticsSettings,
): { reports: CallReport[]; withoutId: number } {
  const calls = new Map<string, { direction: CallFields['direction']; legs: Leg[] }>()
  let withoutId = 0
  for (const row of rows) {
    const named = pbxCallOf(row.pbx_call_id ?? '')
    if (named === null) {
      withoutId += 1
      continue
    }
    const { id, direction } = named
    const call = calls.get(id) ?? { direction, legs: [] }
    calls.set(id, call)
    call.legs.push(readLeg(row, settings.zone))
  }
  const reports = Array.from(calls, ([id, { direction, legs }]) => reportOf(id, direction, inOrder(legs), settings))
  return { reports: reports.sort(byStart), withoutId }
}

function reportOf(
  id: string,
  direction: CallFields['direction'],
  legs: readonly Leg[],
  settings: NumberSettings,
): CallReport {
  const read = direction === 'outbound' ? outgoing(legs, settings) : incoming(legs, settings)
  const { deciding, phone_number, extension } = read
  return {
    provider: PROVIDER,
    provider_call_id: id,
    machine: 'statistics',
    fields: {
      direction,
      ...withoutEmpty({
        ...resultOf(deciding.disposition),
        phone_number,
        extension,
        started_at: earliest(legs),
        duration_seconds: wholeSeconds(deciding.seconds),
      }),
    },
    recordingIds: [...new Set(legs.flatMap(({ recordingId }) => recordingId ?? []))],
    isRecorded: legs.some(({ isRecorded }) => isRecorded),
  }
}

/** The leg that says what became of the call, and with whom. */
interface Reading {
  deciding: Leg
  phone_number: string | null
  extension: string | null
}

/**
 * A call that the PBX sets up has a first leg to the agent, who answers it; what the client did is on another one. So
 * legs to an extension or to a number of ours count only where there is no other.
 */
function outgoing(legs: readonly Leg[], settings: NumberSettings): Reading {
  const toClient = legs.filter(({ destination }) => clientNumber(destination, settings) !== null)
  const deciding = decidingLeg(toClient.length > 0 ? toClient : legs)
  return {
    deciding,
    phone_number: clientNumber(deciding.destination, settings),
    extension: firstOf([
      ...[deciding, ...legs].flatMap(({ clid, sip }) => [extensionOf(clid), extensionOf(sip)]),
      ...legs.map(({ destination }) => extensionOf(destination)),
    ]),
  }
}

/** Several extensions ring and one answers: its leg decides, whatever the others and a menu before them say. */
function incoming(legs: readonly Leg[], settings: NumberSettings): Reading {
  const answered = legs.filter((leg) => isAnswered(leg.disposition) && calledExtension(leg) !== null)
  const deciding = decidingLeg(answered.length > 0 ? answered : legs)
  return {
    deciding,
    phone_number: firstOf([deciding, ...legs].map(({ clid }) => clientNumber(numberOfLine(clid), settings))),
    extension: isAnswered(deciding.disposition) ? calledExtension(deciding) : null,
  }
}

const calledExtension = ({ destination, sip }: Leg): string | null => extensionOf(destination) ?? extensionOf(sip)

/** The first that somebody answered, else the last. A call that is put through has more answered legs after it. */
function decidingLeg(legs: readonly Leg[]): Leg {
  return legs.reduce((deciding, leg) => (isAnswered(deciding.disposition) ? deciding : leg))
}

const firstOf = (values: readonly (string | null)[]): string | null => values.find((value) => value !== null) ?? null

function earliest(legs: readonly Leg[]): Instant | null {
  const starts = legs.flatMap(({ startedAt }) => startedAt ?? [])
  return starts.length === 0 ? null : Math.min(...starts)
}

/** Those without a start last. */
function byStart(a: CallReport, b: CallReport): number {
  return startOf(a) - startOf(b) || (a.provider_call_id < b.provider_call_id ? -1 : 1)
}

const startOf = ({ fields }: CallReport): Instant => fields.started_at ?? Number.MAX_VALUE
