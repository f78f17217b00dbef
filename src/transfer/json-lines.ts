import { LONGEST_LINE } from './csv.ts'
import type { Row } from './rows.ts'

interface Line {
  line: number
  /** Null where it is too long to be read. */
  text: string | null
}

/** The lines of a text that streams by, without their ends; of one that is too long nothing is kept. */
export async function* linesOf(text: AsyncIterable<string>, longest = LONGEST_LINE): AsyncGenerator<Line> {
  let line = 1
  let held = ''
  let isTooLong = false
  for await (const part of text) {
    let at = 0
    for (let end = part.indexOf('\n'); end >= 0; end = part.indexOf('\n', at)) {
      const whole = held + part.slice(at, end)
      yield { line: line++, text: isTooLong || whole.length > longest ? null : whole }
      at = end + 1
      held = ''
      isTooLong = false
    }
    held += part.slice(at)
    if (held.length > longest) {
      held = ''
      isTooLong = true
    }
  }
  if (isTooLong || held !== '') yield { line, text: isTooLong ? null : held }
}

/** The objects of JSON Lines; a line that is none of these is told with its fault. Empty lines are none. */
export async function* jsonObjects(
  text: AsyncIterable<string>,
): AsyncGenerator<{ line: number; object: object } | { line: number; fault: string; text: string }> {
  for await (const { line, text: found } of linesOf(text)) {
    if (found === null) {
      yield { line, fault: `has more than ${LONGEST_LINE} characters`, text: '' }
      continue
    }
    const given = found.trim()
    if (given === '') continue
    if (isDeep(given)) {
      yield { line, fault: `has more than ${DEEPEST} brackets one in another`, text: given }
      continue
    }
    const value = parsed(given)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) yield { line, object: value }
    else yield { line, fault: 'is not a JSON object; is the file cut off?', text: given }
  }
}

/** No line that could be taken has so many; what is as deep as a line is long brings down whatever walks through it. */
const DEEPEST = 100

/** Whether brackets that are in no text are too deep. */
function isDeep(text: string): boolean {
  if (text.length <= DEEPEST) return false
  let depth = 0
  let isText = false
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (isText && letter === '\\') at++
    else if (letter === '"') isText = !isText
    else if (isText) continue
    else if (letter === '[' || letter === '{') depth++
    else if (letter === ']' || letter === '}') depth--
    if (depth > DEEPEST) return true
  }
  return false
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The same, with the values in the order of the columns. */
export async function* jsonRows(text: AsyncIterable<string>, names: readonly string[]): AsyncGenerator<Row> {
  for await (const found of jsonObjects(text)) {
    if ('fault' in found) yield { line: found.line, cells: [], fault: found.fault, text: found.text }
    else {
      const { line, object } = found
      const cells = names.map((name) => (Object.hasOwn(object, name) ? object[name as keyof typeof object] : undefined))
      yield { line, cells, fault: null, text: null }
    }
  }
}
