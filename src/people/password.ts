import { COMMON_WORDS } from './common-words.ts'

/** In UTF-16 units, as better-auth counts. */
export const [SHORTEST, LONGEST] = [12, 128]

/** Rows of keyboards, the alphabet and the digits, each also backwards. */
const ROWS = ['abcdefghijklmnopqrstuvwxyz', '12345678901234567890', 'qwertyuiop', 'asdfghjklñ', 'zxcvbnm']
const RUNS = [...ROWS, 'qwertyuiopasdfghjklzxcvbnm', '1qaz2wsx3edc4rfv5tgb6yhn7ujm'].flatMap((row) => [
  row,
  [...row].reverse().join(''),
])

/** What people write for a letter. */
const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
}

/**
 * What is wrong with a password, as it goes on after "the password"; null where it can be taken. The best known ones are
 * refused: words that everybody tries, their repetitions, with numbers and signs around them or in place of letters, runs
 * of the keyboard, and what is known of the person.
 *
 * @param about name and e-mail of the person
 */
export function passwordFault(password: string, about: readonly string[]): string | null {
  if (password.length < SHORTEST) return `has fewer than ${SHORTEST} characters`
  if (password.length > LONGEST) return `has more than ${LONGEST} characters`
  const text = password.normalize('NFKC').toLowerCase()
  const own = about.flatMap((one) => one.toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter((word) => word.length >= 3)
  const words = new Set([...COMMON_WORDS, ...own])
  const readings = [text, [...text].map((character) => LEET[character] ?? character).join('')]
  const isCommon = readings.some((reading) => isRepetition(reading) || isWordy(reading, words))
  return isCommon || isMadeOf(text, new Set(runsOf(text))) ? 'is one of those that everybody tries; take another' : null
}

/** Whether it is such words and little else: numbers, signs and blanks are what people put around a word. */
function isWordy(text: string, words: ReadonlySet<string>): boolean {
  const letters = lettersOf(text)
  return letters.length * 2 >= text.length && isMadeOf(letters, words)
}

/** One to four characters, again and again. */
const isRepetition = (text: string): boolean => /^(.{1,4})\1+.{0,3}$/su.test(text)

/** Without accents and whatever is no letter. */
const lettersOf = (text: string): string => text.normalize('NFD').replace(/[^\p{L}]/gu, '')

/** Whether a text is nothing but such words, one after the other. */
function isMadeOf(text: string, words: ReadonlySet<string>): boolean {
  const ends = new Set([0])
  for (let end = 1; end <= text.length; end++) {
    for (const start of ends) {
      if (!words.has(text.slice(start, end))) continue
      ends.add(end)
      break
    }
  }
  return ends.has(text.length)
}

/** All parts of a text that run along a row, of four characters or more. */
function runsOf(text: string): string[] {
  const found: string[] = []
  for (let start = 0; start < text.length; start++) {
    for (let end = start + 4; end <= text.length; end++) {
      const part = text.slice(start, end)
      if (RUNS.some((run) => run.includes(part))) found.push(part)
    }
  }
  return found
}
