import type { Fact } from './settle.ts'
import type { ValueName, Wording } from './wording.ts'

/** A piece of a mail that is searched by itself. */
export interface Passage {
  /** What it is, for people: `file name`, `text`, `subject`. */
  from: string
  text: string
}

/** What a pattern found. */
interface Found {
  value: string
  /** Where, for people: `text: "Número"`. */
  from: string
}

/** Enough for one call. A text that has more is no mail of a recording, and must not take long. */
const MOST_MATCHES = 100

const LONGEST_LABEL = 60

/** Marks of writing direction and joints of words, which nobody sees. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** What a label may be that has a line, or a table's head, to itself. */
const LABEL = /^[^\d:]{2,40}:?$/

/** The names of values whose labels begin a line. */
const LABELLED: readonly ValueName[] = [
  'phone_number',
  'own_number',
  'caller',
  'callee',
  'extension',
  'started_at',
  'time',
  'duration',
  'direction',
  'recording_id',
  'pbx_call_id',
]

/** A text, and behind it each label and value that stand in two lines of it, as `label: value`. */
export function withPairs(text: string): string {
  return `${text}\n${pairsOf(text)}`
}

/** Text with ordinary blanks, a tab between the cells of any table, and no marks of quoting or emphasis. */
export function tidied(text: string): string {
  const lines = text
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/\*/g, '')
    .replace(/[^\S\n\t]+/g, ' ')
    .split('\n')
  return lines
    .map((line) =>
      line
        .replace(/^ ?(?:> ?)*/, '')
        .replace(/ $/, '')
        .replace(/ ?\| ?/g, '\t'),
    )
    .join('\n')
}

/** The text of a mail that tells of the call, and the summary that stands in it. */
export function readBody(written: string, wording: Wording): { text: string; summary: Fact<string> | null } {
  const tidy = withoutForwardedHeaders(tidied(written), wording)
  const { text, summary } = takeSummary(tidy, wording)
  const begin = Math.min(...wording.patterns.transcript.flat().map((pattern) => indexOf(text, pattern)))
  const told = wording.patterns.left_out
    .flat()
    .reduce((left, pattern) => left.replace(pattern, '\n'), text.slice(0, begin))
  return { text: told, summary }
}

/**
 * What the patterns find in a text, those of the first list that finds something readable.
 *
 * @param read null where it is no value
 */
export function findValues<Value>(
  from: string,
  text: string,
  lists: readonly (readonly RegExp[])[],
  read: (value: string) => Value | null,
): Fact<Value>[] {
  for (const list of lists) {
    const found = list
      .flatMap((pattern) => matchesOf(from, text, pattern))
      .flatMap(({ value, from }) => {
        const known = read(value)
        return known === null ? [] : [{ value: known, from }]
      })
    if (found.length > 0) return found
  }
  return []
}

function matchesOf(from: string, text: string, pattern: RegExp): Found[] {
  const found: Found[] = []
  for (const match of text.matchAll(pattern)) {
    const value = match.groups?.value
    if (value === undefined) continue
    const label = labelOf(match)
    found.push({ value, from: from === 'text' && label !== '' ? `text: "${label}"` : from })
    if (found.length === MOST_MATCHES) break
  }
  return found
}

/** What stands before the value, else what stands behind it. */
function labelOf(match: RegExpMatchArray): string {
  const [begin, end] = match.indices?.groups?.value ?? [0, 0]
  const start = match.index ?? 0
  const parts = [match[0].slice(0, begin - start), match[0].slice(end - start)]
  const labels = parts.map((part) =>
    part
      .replace(/[\n\t;|]/g, ' ')
      .trim()
      .replace(/[\s:=#]+$/, ''),
  )
  return (labels.find((label) => label !== '') ?? '').slice(0, LONGEST_LABEL)
}

/** A forwarding program writes the header of what it forwards into the text. Its date is that of the mail. */
function withoutForwardedHeaders(text: string, { forwardedHeaders, forwardedSubject }: Wording): string {
  const headers = new Set(forwardedHeaders)
  const subjects = new Set(forwardedSubject)
  const kept: string[] = []
  let block: string[] = []
  const endBlock = (): void => {
    const isHeader = block.length >= 2 && block.some((line) => line.includes('@'))
    kept.push(...(isHeader ? block.filter((line) => subjects.has(labelBefore(line))) : block))
    block = []
  }
  for (const line of text.split('\n')) {
    if (headers.has(labelBefore(line))) {
      block.push(line)
    } else {
      endBlock()
      kept.push(line)
    }
  }
  endBlock()
  return kept.join('\n')
}

function labelBefore(line: string): string {
  return line
    .slice(0, Math.max(0, line.slice(0, 40).indexOf(':')))
    .trim()
    .toLowerCase()
}

/** Numbers and dates of a summary are not those of the call: it is taken out of the text. */
function takeSummary(text: string, wording: Wording): { text: string; summary: Fact<string> | null } {
  for (const pattern of wording.patterns.summary.flat()) {
    for (const match of text.matchAll(pattern)) {
      const [begin = 0] = match.indices?.groups?.value ?? []
      const lines = (match.groups?.value ?? '').split('\n')
      const end = lines.findIndex((line) => beginsWithLabel(line, wording) || beginsTranscript(line, wording))
      const summary = (end === -1 ? lines : lines.slice(0, end)).join('\n')
      if (summary.trim() === '') continue
      const label = labelOf(match)
      return {
        text: `${text.slice(0, match.index)}\n${text.slice(begin + summary.length)}`,
        summary: { value: summary.trim(), from: label === '' ? 'text' : `text: "${label}"` },
      }
    }
  }
  return { text, summary: null }
}

const beginsTranscript = (line: string, { patterns }: Wording): boolean =>
  patterns.transcript.flat().some((pattern) => indexOf(line, pattern) === 0)

function beginsWithLabel(line: string, { patterns }: Wording): boolean {
  const beginning = line.slice(0, 200)
  return LABELLED.some((name) =>
    patterns[name].flat().some((pattern) => {
      const [match] = beginning.matchAll(pattern)
      const [begin = 0] = match?.indices?.groups?.value ?? []
      return match?.index === 0 && /[:=\t]\s*$/.test(beginning.slice(0, begin))
    }),
  )
}

function indexOf(text: string, pattern: RegExp): number {
  const index = text.search(pattern)
  return index === -1 ? text.length : index
}

/** A label that has a line to itself with the line below it, and a table's head with the row below it. */
function pairsOf(text: string): string {
  const lines = text.split('\n').filter((line) => line !== '')
  const pairs = lines.flatMap((line, place) => {
    const labels = line.split('\t')
    const values = lines[place + 1]?.split('\t') ?? []
    if (labels.length !== values.length || !labels.some((label) => LABEL.test(label))) return []
    return labels.map((label, column) => `${label.replace(/:$/, '')}: ${values[column]}`)
  })
  return pairs.join('\n')
}
