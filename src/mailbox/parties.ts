import { isValidPhoneNumber } from 'libphonenumber-js'
import { clientNumber, extensionOf, type NumberSettings } from '../zadarma/phones.ts'

/** One end of a call: somebody outside by number, or somebody of ours, whose extension may not be told. */
export type Party = { side: 'outside'; number: string } | { side: 'inside'; extension: string | null }

/** Groups of digits with what people write between them. Each border has a digit on both sides, so there is one way. */
const NUMBER = String.raw`[+(]{0,2}\d{1,15}(?:[ .\-/()]{1,2}\d{1,15}){0,8}`

const AT_BEGINNING = new RegExp(
  String.raw`^[\s"'“”«<(\[]{0,4}(?:tel:|sips?:)?(${NUMBER})(?![\d\p{L}])(?!\.?\w{0,40}@(?!pbx|sip))`,
  'iu',
)
const IN_BRACKETS = new RegExp(String.raw`^[^\n()<>]{1,60}[(<](?:tel:)?(${NUMBER})[)>]`, 'iu')
const ANYWHERE = new RegExp(String.raw`(?<![\p{L}\d+.,:/@#_-])${NUMBER}(?![\p{L}\d@:_])`, 'gu')

/** `Paulina 101`: a name with its extension, and nothing else. */
const NAME_AND_EXTENSION = /^["'“]?\p{L}[\p{L} .'-]{0,40} (\d{3,6})["'”]?$/u

/** `Juan García +34 600 111 222`: a name with its number, and nothing else, but not one name behind another. */
const NAME_AND_NUMBER = new RegExp(
  String.raw`^["'“]?(?!.* (?:a|al|to|y|e|and) )\p{L}[\p{L} .'-]{0,40} (\+${NUMBER})["'”]?$`,
  'iu',
)

const E164 = /^\+\d+$/

const FEWEST_DIGITS = 9
const MOST_DIGITS = 15

/** In a text that is no mail of a recording there are as many numbers as one likes. */
const MOST_NUMBERS = 200

/** Who is named at the beginning of the text, alone or in brackets behind a name; null where nobody is. */
export function readParty(text: string, settings: NumberSettings): Party | null {
  const written = numberAtBeginning(text) ?? behindName(text)
  if (written === null || /^[0+]*$/.test(written)) return null
  const client = clientNumber(written, settings)
  if (client === null) return { side: 'inside', extension: extensionOf(written) }
  return E164.test(client) ? { side: 'outside', number: client } : null
}

/** The extension at the beginning of the text, alone or behind its agent's name; null where there is none. */
export function readExtension(text: string): string | null {
  const written = numberAtBeginning(text) ?? behindName(text)
  return written === null ? null : extensionOf(written)
}

/** The numbers of others in a text, where nothing says that they are numbers: only those that can be in use. */
export function findNumbers(text: string, settings: NumberSettings): string[] {
  const found = new Set<string>()
  let tried = 0
  for (const [written] of text.matchAll(ANYWHERE)) {
    const number = withoutBracket(written)
    // An extension may stand before it.
    const readings = [number, ...number.split(' ')].filter(isAsLongAsANumber)
    if (readings.length > 0 && ++tried > MOST_NUMBERS) break
    for (const reading of readings) {
      const client = clientNumber(reading, settings)
      if (client === null || !E164.test(client) || !isValidPhoneNumber(client)) continue
      found.add(client)
      break
    }
  }
  return [...found]
}

function isAsLongAsANumber(text: string): boolean {
  const digits = text.replace(/\D/g, '').length
  return digits >= FEWEST_DIGITS && digits <= MOST_DIGITS
}

function numberAtBeginning(text: string): string | null {
  const written = AT_BEGINNING.exec(text)?.[1] ?? IN_BRACKETS.exec(text)?.[1]
  return written === undefined ? null : withoutBracket(written)
}

function behindName(text: string): string | null {
  const value = text.trim()
  return NAME_AND_NUMBER.exec(value)?.[1] ?? NAME_AND_EXTENSION.exec(value)?.[1] ?? null
}

/** What stands in brackets behind a number is not part of it: `600 111 222 (101)`. */
function withoutBracket(written: string): string {
  const bracket = written.indexOf('(', 1)
  const isBehind = bracket > 0 && written.slice(0, bracket).replace(/\D/g, '').length >= 6
  return (isBehind ? written.slice(0, bracket) : written).replace(/[^\d)]+$/, '')
}
