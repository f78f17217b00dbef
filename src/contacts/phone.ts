import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js'

/** Digits and what people write between them. Words are none of it: a number is not picked out of a sentence. */
const WRITING = /^[ ().\-/\u2010-\u2015]*\+?[ ().\-/\u2010-\u2015]*\d[\d ().\-/\u2010-\u2015]*$/

/** Marks of writing direction, which come along where a number is copied from an address book. */
const INVISIBLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** The digits of a number as somebody wrote it, with the `+` before them; null where the text is more than a number. */
export function writtenNumber(text: string): string | null {
  // Full-width digits become ordinary ones. Any white space is a blank, as a number may come with its cell or line.
  const written = text
    .normalize('NFKC')
    .replace(INVISIBLE, '')
    .replace(/\s+/g, ' ')
    .replace(/^ ?tel:/i, '')
  return WRITING.test(written) ? written.replace(/[^+\d]/g, '') : null
}

/**
 * Reads a number in any writing: as one of the country, else as one that lacks its `+` or has `00` in its place.
 *
 * @param country the country of numbers without a prefix, as ISO 3166-1 alpha-2
 * @returns E.164 (`+34612345678`), or null where it cannot be a telephone number
 */
export function readPhone(text: string, country: CountryCode): string | null {
  const asked = `${country} ${text}`
  let number = remembered.get(asked)
  if (number === undefined) {
    number = parsePhone(text, country)
    if (remembered.size >= REMEMBERED) remembered.clear()
    remembered.set(asked, number)
  }
  return number
}

/** A lead's number comes with each of its calls, and reading one is dear. */
const remembered = new Map<string, string | null>()
const REMEMBERED = 10_000

function parsePhone(text: string, country: CountryCode): string | null {
  const written = writtenNumber(text)
  if (written === null) return null
  const international = `+${written.replace('+', '').replace(/^00/, '')}`
  for (const writing of [written, international]) {
    const number = parsePhoneNumberFromString(writing, { defaultCountry: country, extract: false })
    if (number?.isPossible() && number.ext === undefined) return number.number
  }
  return null
}
