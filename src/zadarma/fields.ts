const LARGEST_INTEGER = 2_147_483_647

/** NUL and halves of surrogate pairs, which PostgreSQL's text cannot hold. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu

/**
 * Text as a column of so many characters can hold it, without blanks around it.
 *
 * @returns null where nothing is left
 */
export function columnText(text: string, maximum: number): string | null {
  const storable = text.replace(UNSTORABLE, '').trim()
  const cut = storable.length <= maximum ? storable : [...storable].slice(0, maximum).join('').trimEnd()
  return cut === '' ? null : cut
}

/** A number of seconds as PostgreSQL's integer holds it, or null where the text is not a whole number from 0 on. */
export function wholeSeconds(text: string): number | null {
  const digits = text.trim()
  const seconds = /^\d+$/.test(digits) ? Number(digits) : Number.NaN
  return seconds <= LARGEST_INTEGER ? seconds : null
}
