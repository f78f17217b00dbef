import { type RawBuilder, sql } from 'kysely'
import { parsePhoneNumberFromString } from 'libphonenumber-js'

/** What tells of a person, as it was known: also former names, numbers and addresses. */
export interface Sought {
  names: readonly string[]
  /** In E.164. */
  phones: readonly string[]
  emails: readonly string[]
}

export const NOTHING_SOUGHT: Sought = { names: [], phones: [], emails: [] }

/** Finds a person in texts of others. */
export interface Traces {
  /** Whether one of the numbers stands in a text, in whatever writing. */
  hasNumber(text: string): boolean
  /** Whether a number, an address or a whole name does. */
  isIn(text: string): boolean
  /** For `like`: what every text has that has one of the numbers, once it is {@link withoutMarks}. */
  patterns: readonly string[]
  /** Whether nothing is sought. */
  areNone: boolean
}

/** Blanks and marks that people put between digits. */
const MARKS = '[\\s().\\-\\/\\u2010-\\u2015]{0,3}'

/** A text without what people put between digits, to look through many rows before each is looked at closely. */
export const withoutMarks = (text: RawBuilder<unknown>): RawBuilder<string> => sql`translate(${text}, ' +-()./', '')`

/** A name of one word stands in texts of others, too. */
const TELLING_WORDS = 2

/** Every text within a value of JSON. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** What texts are searched for. Numbers of others that merely end alike are none. */
export function tracesOf({ names, phones, emails }: Sought): Traces {
  const numbers = phones.map(partsOf)
  const number = numbers.length === 0 ? null : new RegExp(numbers.map(writingsOf).join('|'), 'u')
  const words = [...names.map(wordsOf).filter((list) => list.length >= TELLING_WORDS), ...emails.map(wordsOf)]
  const sought = words.map((list) => ` ${list.join(' ')} `)
  const hasNumber = (text: string): boolean => number?.test(text.normalize('NFKC')) ?? false
  return {
    hasNumber,
    isIn: (text) => {
      if (hasNumber(text)) return true
      const among = ` ${wordsOf(text).join(' ')} `
      return sought.some((one) => among.includes(one))
    },
    patterns: numbers.map(({ national }) => `%${national}%`),
    areNone: numbers.length === 0 && sought.length === 0,
  }
}

/** The code of a number's country, and its digits within it. */
function partsOf(phone: string): { code: string; national: string } {
  const number = parsePhoneNumberFromString(phone)
  return number === undefined
    ? { code: '', national: phone.replace(/\D/g, '') }
    : { code: number.countryCallingCode, national: number.nationalNumber }
}

function writingsOf({ code, national }: ReturnType<typeof partsOf>): string {
  const spread = (digits: string): string => [...digits].join(MARKS)
  const before = code === '' ? '' : `(?:(?:00${MARKS})?${spread(code)}${MARKS}(?:\\(0\\)${MARKS})?|0${MARKS})?`
  // Not within an id, either.
  return `(?<![\\p{L}\\p{N}])${before}${spread(national)}(?![\\p{L}\\p{N}])`
}

/** Letters and digits without accents, in lower case: however a name is punctuated. */
const wordsOf = (text: string): string[] =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
