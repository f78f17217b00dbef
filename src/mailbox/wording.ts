import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { CallFields } from '../calls/call.ts'
import { ConfigError } from '../config.ts'

/** How mails of recordings say what they say. A word stands in lower case. */
export interface Wording {
  /** For each kind of passage, the user's patterns before the shipped ones. What the first of both finds counts. */
  patterns: Record<PatternName, readonly (readonly RegExp[])[]>
  /** A line with one of these is about the call. */
  callWords: ReadonlySet<string>
  directions: ReadonlyMap<string, CallFields['direction']>
  /** From 1 to 12. */
  months: ReadonlyMap<string, number>
  dayParts: ReadonlyMap<string, 'am' | 'pm'>
  /** The seconds of a unit. */
  durationUnits: ReadonlyMap<string, number>
  /** What may stand between a date and its time. */
  betweenDateAndTime: readonly string[]
  /** How the lines of a header begin that a forwarding program writes into the text. */
  forwardedHeaders: readonly string[]
  /** Those of them that hold the subject. */
  forwardedSubject: readonly string[]
}

const SHIPPED = new URL('./wording.json', import.meta.url)

/** Their indices tell what stands before the value: its label. `^` and `$` are the ends of a line, as people expect. */
const FLAGS = 'dgimu'

const pattern = z
  .string('must be a text')
  .max(2_000, 'must have at most 2000 characters')
  .superRefine((source, { addIssue }) => {
    const fault = faultOf(source)
    if (fault !== null) addIssue({ code: 'custom', message: `is no regular expression: ${fault}` })
    else if (new RegExp(source, FLAGS).test('')) addIssue({ code: 'custom', message: 'must not fit an empty text' })
  })

const valuePattern = pattern.refine(
  (source) => source.includes('(?<value>'),
  'must have a group named value, as in "Cliente: (?<value>.+)"',
)

const listOf = (entry: z.ZodType<string>) => z.array(entry, 'must be a list').max(200, 'must have at most 200 entries')
const values = listOf(valuePattern).default([])
const passages = listOf(pattern).default([])

const patterns = z
  .strictObject(
    {
      phone_number: values,
      own_number: values,
      caller: values,
      callee: values,
      extension: values,
      started_at: values,
      time: values,
      duration: values,
      direction: values,
      recording_id: values,
      pbx_call_id: values,
      summary: values,
      transcript: passages,
      left_out: passages,
    },
    'must hold lists of patterns by name',
  )
  .prefault({})

/** A kind of passage. */
type PatternName = keyof z.output<typeof patterns>

/** One from which a value is read. The others are only not to be read. */
export type ValueName = Exclude<PatternName, 'transcript' | 'left_out'>

const PATTERN_NAMES = Object.keys(patterns.unwrap().shape) as PatternName[]

const word = z
  .string('must be a text')
  .trim()
  .min(1, 'must not be empty')
  .max(100, 'must have at most 100 characters')
  .transform((text) => text.normalize('NFC').toLowerCase())
const words = listOf(word).default([])

/** What is looked up word by word. */
const oneWord = word.refine((text) => /^\p{L}+$/u.test(text), 'must be one word of letters only')

const MONTHS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'] as const

const wordingFile = z.strictObject(
  {
    patterns,
    call_words: listOf(oneWord).default([]),
    directions: wordsFor(['inbound', 'outbound', 'internal'], oneWord),
    months: wordsFor(MONTHS),
    day_parts: wordsFor(['am', 'pm']),
    duration_units: wordsFor(['hours', 'minutes', 'seconds']),
    between_date_and_time: words,
    forwarded_headers: words,
    forwarded_subject: words,
  },
  'must be an object',
)

type WordingFile = z.output<typeof wordingFile>

const UNIT_SECONDS = { hours: 3_600, minutes: 60, seconds: 1 } as const

/**
 * The wording that is shipped (`wording.json`), Spanish and English, and what a user adds to it.
 *
 * @param path of the user's file, JSON of the same shape as the shipped one, in which anything may be missing; or null
 * @throws ConfigError with all faults of the user's file, a sentence each
 */
export function loadWording(path: string | null): Wording {
  const shipped = read(SHIPPED)
  const own = path === null ? wordingFile.parse({}) : read(path)
  const files = [own, shipped]
  return {
    patterns: compiled(files),
    callWords: new Set(files.flatMap((file) => file.call_words)),
    directions: meanings(files, ({ directions }) => [
      ['inbound', directions.inbound],
      ['outbound', directions.outbound],
      ['internal', directions.internal],
    ]),
    months: meanings(files, ({ months }) => MONTHS.map((month) => [Number(month), months[month]])),
    dayParts: meanings(files, ({ day_parts }) => [
      ['am', day_parts.am],
      ['pm', day_parts.pm],
    ]),
    durationUnits: meanings(files, ({ duration_units }) => [
      [UNIT_SECONDS.hours, duration_units.hours],
      [UNIT_SECONDS.minutes, duration_units.minutes],
      [UNIT_SECONDS.seconds, duration_units.seconds],
    ]),
    betweenDateAndTime: files.flatMap((file) => file.between_date_and_time),
    forwardedHeaders: files.flatMap((file) => file.forwarded_headers),
    forwardedSubject: files.flatMap((file) => file.forwarded_subject),
  }
}

function read(file: string | URL): WordingFile {
  const name = String(file)
  const { data, error } = wordingFile.safeParse(parseJson(textOf(file, name), name))
  if (data !== undefined) return data
  throw new ConfigError(error.issues.flatMap((issue) => sentencesOf(issue).map((sentence) => `${name}: ${sentence}.`)))
}

function textOf(file: string | URL, name: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '')
  } catch (error) {
    throw new ConfigError([`${name}, which MAIL_PATTERNS names, cannot be read: ${reasonOf(error)}.`])
  }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ConfigError([`${name}, which MAIL_PATTERNS names, is no JSON: ${reasonOf(error)}.`])
  }
}

function sentencesOf(issue: z.core.$ZodIssue): string[] {
  const place = issue.path.reduce<string>((before, key) => {
    if (typeof key === 'number') return `${before}[${key}]`
    return before === '' ? String(key) : `${before}.${String(key)}`
  }, '')
  if (issue.code !== 'unrecognized_keys') return [`${place === '' ? 'the file' : place} ${issue.message}`]
  return issue.keys.map((key) => `${place === '' ? key : `${place}.${key}`} is nothing that is known here`)
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function faultOf(source: string): string | null {
  try {
    new RegExp(source, FLAGS)
    return null
  } catch (error) {
    return reasonOf(error)
  }
}

function compiled(files: readonly WordingFile[]): Wording['patterns'] {
  const lists = PATTERN_NAMES.map((name) => [
    name,
    files.map((file) => file.patterns[name].map((source) => new RegExp(source, FLAGS))),
  ])
  return Object.fromEntries(lists) as Wording['patterns']
}

/** What each word means; the user's meaning of a word before ours. */
function meanings<Meaning>(
  files: readonly WordingFile[],
  listed: (file: WordingFile) => [Meaning, readonly string[] | undefined][],
): ReadonlyMap<string, Meaning> {
  const pairs = files.flatMap((file) =>
    listed(file).flatMap(([meaning, words]) => (words ?? []).map((word) => ({ word, meaning }))),
  )
  return new Map(pairs.toReversed().map(({ word, meaning }) => [word, meaning]))
}

function wordsFor<const Name extends string>(names: readonly Name[], entry = word) {
  return z.partialRecord(z.enum(names), listOf(entry), 'must hold lists of words by name').default({})
}
