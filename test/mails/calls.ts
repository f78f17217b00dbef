import { createHash } from 'node:crypto'
import { readAccountTime } from '../../src/zadarma/account-time.ts'

/** The account whose calls and mails these are. */
export const ACCOUNT = { zone: 'Europe/Madrid', country: 'ES', ownNumbers: ['+34 911 234 567'] } as const

/** A call as the PBX has told of it before its mail comes. */
export interface KnownCall {
  name: string
  pbxCallId: string
  direction: 'inbound' | 'outbound' | 'internal'
  phoneNumber: string | null
  extension: string
  startedAt: number
  /** Of the recordings that it is known to have; they are not fetched yet. */
  recordingIds: readonly string[]
  /** Whether it has a recording already, so that a mail that does not name one is not about it. */
  isHeard: boolean
}

/** The calls of some days, made up like the mails: no number is anybody's that we know. */
export const CALLS: readonly KnownCall[] = [
  outbound('ana, Monday', '+34600111222', '101', '2026-03-02 10:15:00', ['123450']),
  outbound('ana, Tuesday', '+34600111222', '101', '2026-03-03 09:02:11', []),
  outbound('bruno', '+34611222333', '102', '2026-03-02 10:20:30', []),
  outbound('carla', '+34622333444', '101', '2026-03-02 11:05:00', []),
  outbound('carla, again', '+34622333444', '102', '2026-03-02 11:09:00', []),
  inbound('diego', '+34633444555', '103', '2026-03-02 12:00:10', []),
  inbound('elena', '+34644555666', '101', '2026-03-02 12:30:00', []),
  inbound('elena, Wednesday', '+34644555666', '101', '2026-03-04 15:00:00', []),
  outbound('farid', '+442079460018', '104', '2026-03-02 13:00:00', []),
  outbound('greta', '+525512345678', '101', '2026-03-02 16:45:20', []),
  outbound('hugo', '+34655666777', '105', '2026-03-03 10:00:00', ['5512', '5513']),
  outbound('hugo, Wednesday', '+34655666777', '105', '2026-03-04 10:00:00', ['7001', '7002']),
  inbound('irene', '+34666777888', '102', '2026-03-03 10:30:00', ['90210']),
  outbound('jorge', '+34677888999', '101', '2026-03-03 11:11:11', []),
  outbound('katia', '+380989897908', '106', '2026-03-03 12:12:12', []),
  { ...outbound('luis, before', '+34688999000', '107', '2026-03-03 13:12:00', ['11']), isHeard: true },
  outbound('luis', '+34688999000', '107', '2026-03-03 13:15:00', []),
  outbound('marta', '+34699000111', '101', '2026-03-04 09:30:00', ['331']),
  inbound('nora', '+34910111213', '104', '2026-03-04 10:10:10', []),
  outbound('oscar', '+34600222333', '108', '2026-03-04 11:45:30', []),
  outbound('pilar', '+34611333444', '101', '2026-03-04 12:05:00', []),
  outbound('quino', '+34622444555', '102', '2026-03-04 17:20:00', []),
  inbound('rosa', '+34633555666', '101', '2026-03-05 09:09:09', []),
  outbound('sofia', '+34644666777', '103', '2026-03-05 10:15:45', []),
  outbound('tomas', '+34655777888', '109', '2026-03-05 11:00:00', []),
  outbound('ursula', '+493012345678', '101', '2026-03-05 12:00:30', []),
  outbound('vera, at half past two', '+34666888999', '101', '2026-10-25 02:30:00', []),
  outbound('vera, at half past two again', '+34666888999', '101', '2026-10-25 02:30:00', ['800'], 60),
  { ...outbound('wanda', '', '101', '2026-03-05 16:00:00', ['4040']), direction: 'internal', phoneNumber: null },
  outbound('xavi', '+34677999000', '110', '2026-03-06 10:00:00', ['100']),
  outbound('yago', '+34688000111', '101', '2026-03-06 11:30:00', ['2200']),
  outbound('yara', '+34677000222', '104', '2026-03-06 10:30:05', []),
  inbound('zoe', '+34699111222', '102', '2026-03-06 12:15:00', []),
]

/** A call by its name. */
export function callNamed(name: string): KnownCall {
  const call = CALLS.find((known) => known.name === name)
  if (call === undefined) throw new Error(`There is no call ${name}.`)
  return call
}

function outbound(
  name: string,
  phoneNumber: string,
  extension: string,
  localTime: string,
  recordings: readonly string[],
  minutesLater = 0,
): KnownCall {
  const startedAt = (readAccountTime(localTime, ACCOUNT.zone) ?? Number.NaN) + minutesLater * 60_000
  return {
    name,
    pbxCallId: `out_${createHash('sha1').update(name).digest('hex')}`,
    direction: 'outbound',
    phoneNumber,
    extension,
    startedAt,
    recordingIds: recordings.map((place) => `${startedAt / 1_000}.${place}`),
    isHeard: false,
  }
}

function inbound(...[name, ...rest]: Parameters<typeof outbound>): KnownCall {
  const call = outbound(name, ...rest)
  return { ...call, direction: 'inbound', pbxCallId: call.pbxCallId.replace('out_', 'in_') }
}
