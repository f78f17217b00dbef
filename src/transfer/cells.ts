import { formatInstant } from '../attempts/attempt.ts'
import { type Field, foldName } from './fields.ts'
import { idFor } from './ids.ts'
import { readTime } from './times.ts'

/** What a cell says; undefined where it says nothing. */
export type Reading = { value: unknown } | { fault: string }

const NOTHING: Reading = { value: undefined }

/**
 * Reads a cell as its field asks for it. What a schema has to say of the value is left to the schema.
 *
 * @param cell text, or of JSON any value
 * @param zone of times without an offset
 */
export function readCell(cell: unknown, { shape, words }: Field, zone: string): Reading {
  if (cell === null || cell === undefined) return NOTHING
  const isNumberForText = typeof cell === 'number' && shape !== 'seconds' && shape !== 'yes or no'
  if (isNumberForText && !Number.isSafeInteger(cell)) {
    return { fault: `${cell} is a number that JSON does not keep exactly; write it in quotes` }
  }
  const given = isNumberForText ? String(cell) : cell
  if (typeof given !== 'string') return readValue(given, shape, zone)
  const whole = withoutFormula(given)
  const text = whole.trim()
  if (text === '') return NOTHING
  if (NEEDS_DIGITS.has(shape) && SHORTENED.test(text)) {
    return {
      fault: `${text} is a number that Excel has shortened, its last digits are lost; format the column as text and save again`,
    }
  }
  switch (shape) {
    case 'text':
      return { value: words?.[foldName(text)] ?? (words === undefined ? whole : text) }
    case 'id':
    case 'entity id':
    case 'contact id':
    case 'code':
    case 'phone':
      return { value: text }
    case 'phones':
      return { value: phonesIn(text) }
    case 'time': {
      const moment = readTime(text, zone)
      return moment === null ? { fault: NO_TIME } : { value: formatInstant(moment) }
    }
    case 'yes or no': {
      const answer = YES_OR_NO.get(foldName(text))
      return answer === undefined ? { fault: 'is neither yes nor no (sí, no, true, false, 1, 0)' } : { value: answer }
    }
    case 'seconds':
      return readSeconds(text)
    case 'attempts':
      return readAttempts(text)
    default:
      return shape satisfies never
  }
}

/** A value of JSON that is no text. */
function readValue(value: unknown, shape: Field['shape'], zone: string): Reading {
  if (shape === 'attempts') return attemptsOf(value)
  if (shape === 'phones' && Array.isArray(value)) {
    return { value: value.map((phone) => (typeof phone === 'number' ? String(phone) : phone)) }
  }
  if (shape === 'yes or no' && (value === 0 || value === 1))
    return readCell(String(value), { shape, synonyms: [] }, zone)
  return { value }
}

const FORMULA = /^\s*="(.*)"\s*$/s

/** What a cell shows in Excel, which writes `="0034…"` where a number is to stay text. */
export const withoutFormula = (text: string): string => {
  const [, inside] = FORMULA.exec(text) ?? []
  return inside === undefined ? text : inside.replaceAll('""', '"')
}

const NEEDS_DIGITS: ReadonlySet<Field['shape']> = new Set(['id', 'entity id', 'contact id', 'code', 'phone', 'phones'])
/** `3,46123E+10` */
const SHORTENED = /(^|[;|\s])\d([.,]\d+)?E\+\d+($|[;|\s])/i

const NO_TIME = 'is not a time such as 29/01/2025 10:00 or 2025-01-29T10:00:00+01:00 (the year in four digits)'

const YES_OR_NO: ReadonlyMap<string, boolean> = new Map([
  ...['si', 's', 'yes', 'y', 'true', 't', 'verdadero', '1', 'x'].map((word) => [word, true] as const),
  ...['no', 'n', 'false', 'f', 'falso', '0'].map((word) => [word, false] as const),
])

/** One or several numbers; also as JSON or PostgreSQL write a list. */
function phonesIn(text: string): unknown {
  if (text.startsWith('[')) {
    try {
      return JSON.parse(text)
    } catch {
      // The schema says of each what it is not.
    }
  }
  return text
    .replace(/^\{(.*)\}$/s, '$1')
    .split(/[;|,\n]/)
    .map((phone) => phone.trim().replace(/^"(.*)"$/, '$1'))
    .filter((phone) => phone !== '')
}

const CLOCK = /^(\d{1,3}):([0-5]\d):([0-5]\d)$/
const SPANISH_THOUSANDS = /^\d{1,3}(\.\d{3})+(,\d+)?$/
const ENGLISH_THOUSANDS = /^\d{1,3}(,\d{3})+(\.\d+)?$/
const PLAIN = /^\d+(?:[.,](\d+))?$/

/** Whole seconds; parts of one are cut. `95`, `95,4`, `1.234,5` and `0:01:35` are read; `1.234` could mean either. */
function readSeconds(text: string): Reading {
  const clock = CLOCK.exec(text)
  if (clock !== null) return { value: Number(clock[1]) * 3_600 + Number(clock[2]) * 60 + Number(clock[3]) }
  const isThousands = SPANISH_THOUSANDS.test(text) || ENGLISH_THOUSANDS.test(text)
  const isOnlyOneMark = text.replace(/\d/g, '').length === 1
  if (isThousands && isOnlyOneMark) {
    const digits = text.replace(/[.,]/, '')
    return {
      fault: `could be ${digits} or ${text.replace(/[.,]\d+/, '')} and a bit; write ${digits} or leave the fraction out`,
    }
  }
  const whole = isThousands
    ? text.replace(SPANISH_THOUSANDS.test(text) ? /\./g : /,/g, '').replace(/[.,]\d+$/, '')
    : text.replace(/[.,]\d+$/, '')
  if (!isThousands && !PLAIN.test(text))
    return { fault: 'is not a number of seconds such as 95, or a time such as 0:01:35' }
  return { value: Number(whole) }
}

function readAttempts(text: string): Reading {
  try {
    return attemptsOf(JSON.parse(text))
  } catch {
    return { fault: 'is not valid JSON such as {"1": {"status": "orange", "call_id": "…", "attempted_at": "…"}}' }
  }
}

/** B7: the calls that attempts name have here the ids that the calls' own file gives them. */
function attemptsOf(value: unknown): Reading {
  if (value === null) return NOTHING
  if (typeof value !== 'object' || Array.isArray(value)) return { value }
  const entries = Object.entries(value).map(([number, attempt]) => [number, withCallId(attempt)] as const)
  // As a list of entries: a key `__proto__` stays one.
  return { value: Object.fromEntries(entries) }
}

function withCallId(attempt: unknown): unknown {
  if (typeof attempt !== 'object' || attempt === null || !('call_id' in attempt)) return attempt
  const { call_id } = attempt
  const isNumber = typeof call_id === 'number' && Number.isSafeInteger(call_id)
  if (!isNumber && (typeof call_id !== 'string' || call_id.trim() === '')) return attempt
  return { ...attempt, call_id: idFor('calls', String(call_id).trim()) }
}
