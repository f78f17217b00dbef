import type { Promised } from './promises.ts'

/** One test, as it went. */
export interface Went {
  /** From the checkout. */
  file: string
  name: string
  status: 'passed' | 'failed' | 'skipped'
  ms: number
}

/** What a test has found out, as `tellFigures` writes it. */
export interface Figure {
  promise: string
  sentence: string
  isControl: boolean
}

export interface Findings {
  promises: readonly Promised[]
  tests: readonly Went[]
  figures: readonly Figure[]
  machine: Readonly<Record<string, string>>
  date: Date
  /** How long all of it took. */
  ms: number
}

/** More of them are told by their number. */
const MOST_LINES = 6

/** Writes the findings as the page `docs/reliability.md`. */
export function report({ promises, tests, figures, machine, date, ms }: Findings): string {
  const rows = promises.map((promised) => ({ ...promised, went: testsOf(promised, tests) }))
  return [
    '# Reliability',
    '',
    '`npm run chaos` tries all of this, at length, and writes this page; `npm run test:chaos` tries the short forms of',
    'what is in `test/chaos`, as `.ci/run` does. Every fault is real: processes are killed, connections reset, the power of',
    'a disk cut. What must fail is tried beside it (control): a test whose control passes would prove nothing.',
    '',
    `Run on ${date.toISOString().slice(0, 10)}, in ${Math.ceil(ms / 60_000)} minutes.`,
    '',
    '|  | Machine |',
    '| --- | --- |',
    ...Object.entries(machine).map(([kind, value]) => `| ${kind} | ${value} |`),
    '',
    '| Promise | What happens, and what holds | Tests | Controls | Held |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(({ id, what, went }) => {
      const [controls, others] = [went.filter(isControl), went.filter((one) => !isControl(one))]
      return `| ${id} | ${what} | ${others.length} | ${controls.length} | ${verdictOf(went)} |`
    }),
    '',
    'How the checker works that judges after a load: it knows the rules, every request with its answer, and what the API',
    'answers in the end, and nothing of the service. Where nobody can know whether a request took effect, both are right.',
    '',
    '## Figures',
    ...rows.flatMap(({ id, what, went }) => figuresOf(id, what, went, figures)),
    '',
  ].join('\n')
}

const isControl = ({ name }: Went): boolean => /\bcontrol\b/.test(name)

function testsOf({ tests: wanted }: Promised, tests: readonly Went[]): Went[] {
  return tests.filter(({ file, name }) =>
    wanted.some(([start, pattern]) => file.startsWith(start) && (pattern === undefined || pattern.test(name))),
  )
}

function verdictOf(went: readonly Went[]): string {
  const failed = went.filter(({ status }) => status === 'failed').length
  const skipped = went.filter(({ status }) => status === 'skipped').length
  if (went.length === 0) return '**not tried**'
  if (failed > 0) return `**no**: ${failed} failed`
  return skipped > 0 ? `${skipped} could not be tried here` : 'yes'
}

function figuresOf(id: string, what: string, went: readonly Went[], figures: readonly Figure[]): string[] {
  const seconds = went.reduce((sum, { ms }) => sum + ms, 0) / 1_000
  const ours = figures.filter(({ promise }) => promise === id)
  const failed = went.filter(({ status }) => status === 'failed')
  return [
    '',
    `### ${id}`,
    '',
    what,
    '',
    `- ${went.length} test${went.length === 1 ? '' : 's'} in ${seconds.toFixed()} s`,
    ...shortened(ours.filter((figure) => !figure.isControl).map(({ sentence }) => sentence)),
    ...shortened(ours.filter((figure) => figure.isControl).map(({ sentence }) => `control: ${sentence}`)),
    ...failed.map(({ name }) => `- **failed**: ${name}`),
  ]
}

function shortened(sentences: readonly string[]): string[] {
  const shown = sentences.slice(0, MOST_LINES).map((sentence) => `- ${sentence}`)
  const more = sentences.length - shown.length
  return more > 0 ? [...shown, `- and ${more} more like these`] : shown
}
