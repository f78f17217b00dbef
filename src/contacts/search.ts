import { writtenNumber } from './phone.ts'

/** Letters without accents, in lower case, blanks collapsed: so that "GARCIA" finds "García". */
function foldText(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim()
}

/** What a search looks in. Each word follows a blank, so that a short search can ask for the beginnings of words. */
export function searchTextOf(parts: readonly (string | null)[]): string {
  return ` ${foldText(parts.filter((part) => part !== null).join(' '))}`
}

/**
 * The `like` patterns for a search, of which one has to match: anywhere in the text, or with fewer than three characters
 * at the beginning of a word, which is what an index of trigrams can answer. What may be (part of) a telephone number is
 * looked for by its digits, and as it is, for the "24-7" of a name.
 */
export function searchPatterns(search: string): string[] {
  return soughtIn(search).map(patternFor)
}

/**
 * What every text has that the search finds, as an index of trigrams finds it soon: for each pattern a few shorter ones,
 * which all have to match. Every trigram more is one more list to go through.
 */
export function indexPatterns(search: string): string[][] {
  return soughtIn(search).map((sought) => {
    const words = sought.split(' ').sort((a, b) => b.length - a.length)
    const telling = words.filter((word) => word.length >= 3).slice(0, TELLING_WORDS)
    return telling.length === 0 ? [patternFor(sought)] : telling.map((word) => patternFor(word.slice(-TELLING_END)))
  })
}

const TELLING_WORDS = 2
const TELLING_END = 7

function soughtIn(search: string): string[] {
  const written = writtenNumber(search)
  const candidates = [...(written === null ? [] : digitsOf(written)), foldText(search)]
  // Whatever has the longer one has the shorter one, too.
  return candidates.filter(
    (one, place) =>
      !candidates.some((other, at) => (isWithin(other, one) || other === one) && (other !== one || at < place)),
  )
}

/** Too short ones are looked for in another way. */
const isWithin = (shorter: string, longer: string): boolean => shorter.length >= 3 && longer.includes(shorter)

function patternFor(folded: string): string {
  const literal = folded.replace(/[\\%_]/g, '\\$&')
  return folded.length < 3 ? `% ${literal}%` : `%${literal}%`
}

/** As many digits as a whole number has; fewer are part of one, whose zeros may stand anywhere in it. */
const WHOLE_NUMBER = 9

/** Fewer are found everywhere. */
const TELLING_DIGITS = 3

/** The digits as they stand in a stored number, which begins with its country's code: neither `00` nor `0` before it. */
function digitsOf(written: string): string[] {
  const digits = written.replace('+', '')
  const stored = digits.replace(/^0+/, '')
  if (stored.length < TELLING_DIGITS) return [digits]
  return digits.length < WHOLE_NUMBER ? [digits, stored] : [stored]
}
