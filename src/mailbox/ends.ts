import type { CallFields } from '../calls/call.ts'
import type { Party } from './parties.ts'
import { type Fact, type Settled, settle } from './settle.ts'

/** What is found of who called whom. */
export interface EndsFound {
  /** What the PBX's id of the call says, more trustworthy than anything else. */
  ofPbxCall: Fact<CallFields['direction']> | null
  directions: readonly Fact<CallFields['direction']>[]
  /** Numbers of others of which is not told which end they are. */
  numbers: readonly Fact<string>[]
  extensions: readonly Fact<string>[]
  callers: readonly Fact<Party>[]
  callees: readonly Fact<Party>[]
  /** Numbers of others that stand somewhere: they count where there is no other. */
  unnamedNumbers: () => readonly Fact<string>[]
}

export interface Ends {
  direction: Fact<CallFields['direction']> | null
  phoneNumber: Fact<string> | null
  extension: Fact<string> | null
  doubts: readonly string[]
}

/** Decides who called whom: the number is the far side's, the extension ours. */
export function settleEnds(found: EndsFound): Ends {
  const direction = directionOf(found)
  const phoneNumber = numberOf(found, direction.fact?.value ?? null)
  const extension = extensionOf(found, direction.fact?.value ?? null)
  return {
    direction: direction.fact,
    phoneNumber: phoneNumber.fact,
    extension: extension.fact,
    doubts: [...direction.doubts, ...phoneNumber.doubts, ...extension.doubts],
  }
}

type Direction = CallFields['direction']

function directionOf({ ofPbxCall, directions, callers, callees, numbers }: EndsFound): Settled<Direction> {
  const told = settle('directions', directions)
  if (ofPbxCall !== null) {
    const differing = directions.filter(({ value }) => value !== ofPbxCall.value)
    return {
      fact: ofPbxCall,
      doubts: settle('directions', differing.length === 0 ? [] : [ofPbxCall, ...differing]).doubts,
    }
  }
  const ofBoth = directionOfBoth(callers, callees)
  if (directions.length > 0) {
    return ofBoth === null || told.fact === null ? told : settle('directions', [told.fact, ofBoth])
  }
  return { fact: ofBoth ?? directionOfOne(callers, callees, numbers), doubts: [] }
}

/** Where both ends are told and one of them at least is ours, there is no doubt. */
function directionOfBoth(callers: readonly Fact<Party>[], callees: readonly Fact<Party>[]): Fact<Direction> | null {
  const [caller] = callers
  const [callee] = callees
  if (caller === undefined || callee === undefined) return null
  const isOurs = (ends: readonly Fact<Party>[]): boolean => ends.every(({ value }) => value.side === 'inside')
  const isOthers = (ends: readonly Fact<Party>[]): boolean => ends.every(({ value }) => value.side === 'outside')
  if (isOurs(callers) && isOthers(callees)) return { value: 'outbound', from: callee.from }
  if (isOthers(callers) && isOurs(callees)) return { value: 'inbound', from: caller.from }
  return isOurs(callers) && isOurs(callees) ? { value: 'internal', from: caller.from } : null
}

/** The one end that is told, or of two numbers the one that is told to be the other's. */
function directionOfOne(
  callers: readonly Fact<Party>[],
  callees: readonly Fact<Party>[],
  numbers: readonly Fact<string>[],
): Fact<Direction> | null {
  const others = new Set(numbers.map(({ value }) => value))
  const isOther = ({ value }: Fact<string>): boolean => others.size === 0 || others.has(value)
  const calling = outside(callers).filter(isOther)
  const called = outside(callees).filter(isOther)
  if (calling.length > 0 && called.length > 0) return null
  const [caller] = calling
  if (caller !== undefined) return { value: 'inbound', from: caller.from }
  const [callee] = called
  return callee === undefined ? null : { value: 'outbound', from: callee.from }
}

function numberOf(found: EndsFound, direction: Direction | null): Settled<string> {
  const { numbers, callers, callees, unnamedNumbers } = found
  if (direction === 'internal') return { fact: null, doubts: [] }
  const calling = direction === 'outbound' ? [] : outside(callers)
  const called = direction === 'inbound' ? [] : outside(callees)
  const named = [...numbers, ...calling, ...called]
  if (named.length > 0) return settle('phone numbers', named)
  const ours = new Set([...outside(callers), ...outside(callees)].map(({ value }) => value))
  return settle(
    'phone numbers',
    unnamedNumbers().filter(({ value }) => !ours.has(value)),
  )
}

function extensionOf({ extensions, callers, callees }: EndsFound, direction: Direction | null): Settled<string> {
  const calling = inside(callers)
  const called = inside(callees)
  if (direction === 'inbound') return settle('extensions', [...extensions, ...called])
  const isOtherEnd = ({ value }: Fact<string>): boolean =>
    called.some((callee) => callee.value === value) && !calling.some((caller) => caller.value === value)
  if (direction === 'internal')
    return settle('extensions', [...extensions.filter((end) => !isOtherEnd(end)), ...calling])
  return settle('extensions', [...extensions, ...calling, ...(direction === null ? called : [])])
}

/** The numbers of those outside. */
export const outside = (ends: readonly Fact<Party>[]): Fact<string>[] =>
  ends.flatMap(({ value, from }) => (value.side === 'outside' ? [{ value: value.number, from }] : []))

/** The extensions of those of ours whose extension is told. */
export const inside = (ends: readonly Fact<Party>[]): Fact<string>[] =>
  ends.flatMap(({ value, from }) =>
    value.side === 'inside' && value.extension !== null ? [{ value: value.extension, from }] : [],
  )
