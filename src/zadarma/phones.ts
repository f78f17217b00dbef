import type { CountryCode } from 'libphonenumber-js'
import { readPhone } from '../contacts/phone.ts'
import { columnText } from './fields.ts'

/** What must be known of the account to read a number. */
export interface NumberSettings {
  /** The country of numbers without a prefix. */
  country: CountryCode
  /** The account's own numbers, in any writing. */
  ownNumbers: readonly string[]
}

/** A line of the PBX, `<pbx>-<extension>`: it must not be read as a number of as many digits. */
const PBX_LINE = /^[1-9]\d{3,7}-(\d{1,6})$/

const EXTENSION = /^\d{1,6}$/
const LONGEST_SURE_EXTENSION = 4

/** What stands in brackets at the end: the number of `"Paulina 101 (101)"` and of `"Paulina" <101>`. */
const BRACKETED = /[(<]([^()<>]+)[)>]["'\s]*$/

const isNone = (text: string): boolean => /^0*$/.test(text)

/**
 * What a field becomes as the client's number: E.164 in any writing; what is no number (`anonymous`) as it is.
 *
 * @returns null where the field names nobody outside: empty, `0`, an extension, or a number of ours
 */
export function clientNumber(text: string, { country, ownNumbers }: NumberSettings): string | null {
  const given = columnText(text, 60)
  if (given === null || isNone(given) || PBX_LINE.test(given)) return null
  const number = readPhone(given, country)
  // In some countries, four digits could be a whole number. Those that call from outside come with more.
  if (EXTENSION.test(given) && (number === null || given.length <= LONGEST_SURE_EXTENSION)) return null
  const client = number ?? given
  return ownNumbers.some((own) => (readPhone(own, country) ?? own.trim()) === client) ? null : client
}

/** The number that a caller's line shows beside a name; the whole line where there is no name. */
export function numberOfLine(line: string): string {
  const text = line.trim()
  return BRACKETED.exec(text)?.[1] ?? text.replace(/^"(.*)"$/, '$1')
}

/** The extension in `101`, `12345-101` or `"Paulina 101 (101)"`; null where there is none. */
export function extensionOf(line: string): string | null {
  const text = numberOfLine(line).trim()
  const extension = PBX_LINE.exec(text)?.[1] ?? (EXTENSION.test(text) ? text : '')
  return isNone(extension) ? null : extension
}
