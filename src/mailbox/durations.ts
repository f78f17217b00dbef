import { alternatives } from './times.ts'
import type { Wording } from './wording.ts'

const COLONS = /^(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?![\d:])/
const BARE = /^(\d{1,6})(?= ?(?:$|[.,;)|]))(?!\.\d)/

/** How durations are written: `1:23`, `00:01:23`, `83`, and with units `83 s` and `1 min 23 s`. */
export interface DurationReader {
  /** The seconds at the beginning of the text; null where there are none. Without a unit, seconds are meant. */
  read: (text: string) => number | null
  /** A text of the same length in which no duration with units stands. */
  without: (text: string) => string
}

/** @param wording its names of units */
export function makeDurationReader({ durationUnits }: Wording): DurationReader {
  const unit = alternatives([...durationUnits.keys()])
  const part = String.raw`\d{1,5} ?(?:${unit})(?![\p{L}'])\.?`
  const whole = `${part}(?:(?:,? (?:y |and )?| ?)${part}){0,2}`
  const atBeginning = new RegExp(`^${whole}`, 'iu')
  const anywhere = new RegExp(String.raw`(?<![\p{L}\d.,:+-])${whole}`, 'giu')
  const onePart = new RegExp(String.raw`(\d{1,5}) ?(${unit})(?![\p{L}'])`, 'giu')
  const unitAfter = new RegExp(String.raw`^ ?(${unit})(?![\p{L}'])`, 'iu')

  const secondsOf = (name: string | undefined): number => durationUnits.get((name ?? '').toLowerCase()) ?? 0

  function read(text: string): number | null {
    const value = text.trimStart()
    const colons = COLONS.exec(value)
    if (colons !== null) {
      const [written, first, second, third] = colons
      if (third !== undefined) return Number(first) * 3_600 + Number(second) * 60 + Number(third)
      const isInHours = secondsOf(unitAfter.exec(value.slice(written.length))?.[1]) === 3_600
      return (Number(first) * 60 + Number(second)) * (isInHours ? 60 : 1)
    }
    const withUnits = atBeginning.exec(value)?.[0]
    if (withUnits === undefined) return numberOf(BARE.exec(value)?.[1])
    return [...withUnits.matchAll(onePart)].reduce((sum, [, count, name]) => sum + Number(count) * secondsOf(name), 0)
  }

  return { read, without: (text) => text.replace(anywhere, (found) => '|'.repeat(found.length)) }
}

const numberOf = (digits: string | undefined): number | null => (digits === undefined ? null : Number(digits))
