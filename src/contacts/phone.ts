import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js'

/**
 * Reads a number in any writing: as one of the country, else as one that lacks its `+`.
 *
 * @param country the country of numbers without a prefix, as ISO 3166-1 alpha-2
 * @returns E.164 (`+34612345678`), or null where it cannot be a telephone number
 */
export function readPhone(text: string, country: CountryCode): string | null {
  for (const writing of [text, `+${text.replace(/\D/g, '')}`]) {
    const number = parsePhoneNumberFromString(writing, country)
    if (number?.isPossible()) return number.number
  }
  return null
}
