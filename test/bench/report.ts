import type { DataSize } from './data.ts'
import type { ListResult } from './lists.ts'
import type { PagesResult, Spread } from './pages.ts'
import type { Contestant, Measured } from './rounds.ts'
import type { SyncResult } from './sync.ts'

/** Everything that one run of the benchmark found out. */
export interface Findings {
  /** What it ran on, in words, by kind. */
  machine: Record<string, string>
  date: Date
  seconds: number
  rounds: number
  little: DataSize
  much: DataSize
  measured: readonly Measured[]
  /** MB under the load of most connections; null where the system does not tell. */
  peakMemory: number | null
  /** Microseconds of one check. */
  keyCheck: number
  lists: readonly ListResult[]
  history: readonly SyncResult[]
  /** Null where there is no Chromium. */
  pages: PagesResult | null
}

const LIST_LIMIT_MS = 20

/** Writes the findings as the page `docs/performance.md`. */
export function report(findings: Findings): string {
  const { machine, date, seconds, rounds, little, much, lists } = findings
  const missed = lists.filter((list) => !isFastEnough(list))
  return [
    '# Performance',
    '',
    '`npm run bench` measures this and writes this page; `npm run bench -- --quick` tries it out in a minute and writes',
    'nothing. Load generator, service and PostgreSQL share one machine.',
    '',
    '- **registering**: `POST /api/crm/calls` of the built service, on the embedded PostgreSQL: an outbound orange call',
    '  for one contact with an open opportunity after the other, whose attempt is registered.',
    '- **notifications**: `POST /api/zadarma/webhook` with the end of such a call, signed; it is stored raw, linked by',
    '  its number, and its attempt registered.',
    '- **plain insert**: the same server, key check, validation and answer, but one `INSERT` for each request, and',
    '  nothing is registered, nor kept of who did it: the audit is all on the side of registering.',
    `- Both in turn at each number of connections, ${rounds} rounds of ${seconds} s each; the tables show medians.`,
    `- Little data: ${count(little.opportunities)} opportunities and ${count(little.calls)} calls, made anew before each`,
    `  load, ${percent(little.untried)} of the opportunities untried, so that they have room for the calls of a load. Much data:`,
    `  ${count(much.opportunities)} opportunities and ${count(much.calls)} calls of a year.`,
    '- Each of the two has a PostgreSQL of its own, and they take turns.',
    '- Before that each is warmed up at 64 connections, load after load, until its rate no longer rises.',
    '- **history**: `first-call sync` of stored calls that nothing holds, five of each contact, whose opportunity is open;',
    '  beside it, `COPY` of the same calls into a table with the same columns, checks and indexes, which decides nothing.',
    '- Each list one request at a time, the first page and one from the middle of the data (of the queue, the',
    '  twenty-first), 50 rows a page; and counts.',
    '',
    `Measured on ${date.toISOString().slice(0, 10)}.`,
    '',
    ...table(['', 'Machine'], Object.entries(machine)),
    '',
    '## Targets',
    '',
    ...table(['Target', 'Measured', 'Reached'], targets(findings)),
    '',
    '## Registering against a plain insert',
    '',
    ...loadTable(findings.measured),
    '',
    'What became of the calls of all rounds. A call is not registered where its opportunity had five attempts already.',
    '',
    ...outcomeTable(findings.measured),
    '',
    '## Lists',
    '',
    `On much data, after the loads. Milliseconds; a p99 above ${LIST_LIMIT_MS} ms is missed: ${missed.length} of ${lists.length} lists.`,
    '',
    ...table(
      ['List', 'First page p50', 'p99', 'Deep page p50', 'p99', 'Reached'],
      lists.map((result) => [
        `\`${result.list}\``,
        ms(result.first.p50),
        ms(result.first.p99),
        result.deep === null ? '' : ms(result.deep.p50),
        result.deep === null ? '' : ms(result.deep.p99),
        mark(isFastEnough(result)),
      ]),
    ),
    '',
    '## History',
    '',
    'Ids in the order of time are those that First Call makes; many older systems have others.',
    '',
    ...historyTable(findings.history),
    '',
    PAGES,
    '',
    ...pagesTable(findings.pages, date),
    '',
  ].join('\n')
}

/** The head of their part, which is the last one. */
export const PAGES = '## Pages'

/** What somebody at a browser waits for. */
export function pagesTable(pages: PagesResult | null, date: Date): string[] {
  if (pages === null) return ['Not measured: there was no Chromium.']
  const { leads, coldLoad, filter, frames, toScreen } = pages
  const row = (what: string, { p50, p95, worst }: Spread): string[] => [what, ms(p50), ms(p95), ms(worst)]
  const { events, perSecond, screens } = toScreen
  return [
    `A manager's, with ${count(leads)} leads, in Chromium on the machine of the service and of PostgreSQL. Of the ${screens} screens one is`,
    'drawn; the others listen and ask as it does. Before a cold load the browser, in which nothing is kept, has 1.5 s for itself.',
    `Measured on ${date.toISOString().slice(0, 10)}.`,
    '',
    ...table(['Target', 'Measured', 'Reached'], pageTargets(pages)),
    '',
    ...table(
      ['Milliseconds', 'p50', 'p95', 'Worst'],
      [
        row('Leads, nothing kept from before: to the first leads on the screen', coldLoad),
        row('A filter: from the press to its leads', filter),
        row('Frame to frame while thousands of leads go by', frames),
        row(`From the PBX's notification to the pill, ${perSecond} a second, ${events} on the screen`, toScreen),
      ],
    ),
  ]
}

/** Each sync in a row. */
export function historyTable(history: readonly SyncResult[]): string[] {
  return table(
    ['Calls', 'Ids', 'Synced/s', 'Copied/s', 'against the copy', 'Registered', 'Peak MB', 'Second run s'],
    history.map(({ size, synced, copied, registered, peakMemory, again }) => [
      count(size.contacts * size.calls),
      size.ids,
      synced.toFixed(0),
      copied.toFixed(0),
      `${(synced / copied).toFixed(2)} x`,
      count(registered),
      peakMemory?.toFixed(0) ?? 'not told',
      again.toFixed(1),
    ]),
  )
}

function targets({ measured, peakMemory, keyCheck, lists, history, pages }: Findings): string[][] {
  const of = (contestant: Contestant, connections: number): Measured | undefined =>
    measured.find((one) => one.contestant === contestant && one.connections === connections)
  const ratio = (value: number | undefined, base: number | undefined): number => (value ?? 0) / (base ?? 0)
  const speedUp = ratio(of('registering', 64)?.perSecond, of('plain', 64)?.perSecond)
  const slowDown = ratio(of('registering', 1)?.p50, of('plain', 1)?.p50)
  const p99 = of('registering', 16)?.p99 ?? Number.NaN
  const grown = ratio(of('registering, much data', 64)?.perSecond, of('registering', 64)?.perSecond)
  const notified = ratio(of('notifications', 64)?.perSecond, of('registering', 64)?.perSecond)
  const slowest = Math.max(...lists.flatMap(({ first, deep }) => [first.p99, deep?.p99 ?? 0]))
  const slow = lists.filter((list) => !isFastEnough(list)).length
  // Of the time in which the whole machine takes one request: the service alone is not busy for all of it.
  const keyShare = (keyCheck * (of('registering', 64)?.perSecond ?? Number.NaN)) / 1_000_000
  return [
    ['64 connections: at least 1.5 x the plain insert', `${roundedDown(speedUp)} x`, mark(speedUp >= 1.5)],
    ["1 connection: p50 at most 2.5 x the plain insert's", `${roundedUp(slowDown)} x`, mark(slowDown <= 2.5)],
    [
      'Notifications of the PBX, 64 connections: at least 0.8 x the rate of POST',
      `${roundedDown(notified)} x, p99 ${ms(of('notifications', 64)?.p99 ?? Number.NaN)} ms`,
      mark(notified >= 0.8),
    ],
    ['16 connections: p99 at most 100 ms', `${ms(p99)} ms`, mark(p99 <= 100)],
    ['Much data: at least 0.8 x the rate on little data', `${roundedDown(grown)} x`, mark(grown >= 0.8)],
    [
      'Checking a key: at most 3 % of a request that registers',
      `${(keyShare * 100).toFixed(1)} %, ${keyCheck.toFixed(1)} µs`,
      mark(keyShare <= 0.03),
    ],
    [
      `Every list: p99 at most ${LIST_LIMIT_MS} ms`,
      slow === 0 ? `slowest ${ms(slowest)} ms` : `${slow} of ${lists.length} above, slowest ${ms(slowest)} ms`,
      mark(slow === 0),
    ],
    ...history
      .filter(({ size }) => size.ids === 'in order')
      .flatMap(({ synced, peakMemory: peak }) => [
        ['History: at least 20 000 calls/s', `${count(Math.floor(synced))} calls/s`, mark(synced >= 20_000)],
        [
          'History: at most 300 MB',
          peak === null ? 'not told by this system' : `${peak.toFixed(0)} MB`,
          peak === null ? '' : mark(peak <= 300),
        ],
      ]),
    ...(pages === null ? [] : pageTargets(pages)),
    [
      "The service's peak memory: at most 250 MB",
      peakMemory === null ? 'not told by this system' : `${peakMemory.toFixed(0)} MB`,
      peakMemory === null ? '' : mark(peakMemory <= 250),
    ],
  ]
}

function pageTargets({ coldLoad, filter, toScreen }: PagesResult): string[][] {
  return [
    ['Leads after a cold load: at most 1.0 s', `${coldLoad.p50.toFixed(0)} ms`, mark(coldLoad.p50 <= 1_000)],
    ['A filter of leads: at most 150 ms', `${filter.p50.toFixed(0)} ms`, mark(filter.p50 <= 150)],
    [
      `From the PBX to the screen, ${toScreen.perSecond} events a second, ${toScreen.screens} screens: p95 at most 500 ms`,
      `${toScreen.p95.toFixed(0)} ms`,
      mark(toScreen.p95 <= 500),
    ],
  ]
}

function loadTable(measured: readonly Measured[]): string[] {
  return table(
    ['Connections', 'What', 'Calls/s', 'against plain', 'p50 ms', 'against plain', 'p99 ms', 'Failed requests'],
    measured.map((one) => {
      const plain = measured.find((other) => other.contestant === 'plain' && other.connections === one.connections)
      const against = (value: number, base: number | undefined): string =>
        base === undefined || plain === one ? '' : `${(value / base).toFixed(2)} x`
      return [
        String(one.connections),
        one.contestant,
        one.perSecond.toFixed(0),
        against(one.perSecond, plain?.perSecond),
        one.p50.toFixed(2),
        against(one.p50, plain?.p50),
        one.p99.toFixed(1),
        String(one.failures),
      ]
    }),
  )
}

function outcomeTable(measured: readonly Measured[]): string[] {
  const rows = measured
    .filter(({ contestant }) => contestant !== 'plain')
    .map(({ contestant, connections, outcomes }) => {
      const total = Object.values(outcomes).reduce((sum, calls) => sum + calls, 0)
      const words = Object.entries(outcomes).map(([outcome, calls]) => `${outcome} ${percent(calls / total)}`)
      return [String(connections), contestant, count(total), words.join(', ')]
    })
  return table(['Connections', 'What', 'Calls', 'Outcomes'], rows)
}

/** A page that was refused or not given in time is not fast. */
function isFastEnough({ first, deep }: ListResult): boolean {
  return [first, deep].every((page) => page === null || (page.p99 <= LIST_LIMIT_MS && page.failures === 0))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}

/** So that no ratio is rounded to a target that it misses. */
const roundedDown = (ratio: number): string => (Math.floor(ratio * 100) / 100).toFixed(2)
const roundedUp = (ratio: number): string => (Math.ceil(ratio * 100) / 100).toFixed(2)
const mark = (isReached: boolean): string => (isReached ? 'yes' : '**no**')
const ms = (value: number): string => value.toFixed(1)
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.01 && share > 0 ? 2 : 0)} %`
const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
