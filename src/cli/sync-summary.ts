import type { SyncCounts, SyncOptions } from '../history/sync.ts'
import { spaced } from './progress.ts'
import { table } from './terminal.ts'

const REASONS: Readonly<Record<string, string>> = {
  limit_reached: 'their opportunity has five attempts',
  first_call_completed: 'their first call is completed',
  no_open_opportunity: 'no opportunity is open',
  unknown_contact: 'neither contact nor opportunity is known',
}

/** What became of the calls, for a person; lines with a line break at the end of each. */
export function syncSummary(counts: SyncCounts, { isDryRun }: SyncOptions, seconds: number): string {
  const turnedAway = Object.entries(counts.turned_away).sort(([a], [b]) => (a < b ? -1 : 1))
  const rows: [string, number, string][] = [
    [isDryRun ? 'would be registered' : 'registered', counts.registered, ''],
    ...turnedAway.map(([reason, calls]): [string, number, string] => [reason, calls, REASONS[reason] ?? '']),
    ['before_opportunity', counts.before_opportunity, 'left as they are; --before-opportunity takes them'],
    ['failed', counts.failed, counts.failed > 0 ? 'left as they are; see above' : ''],
    [isDryRun ? 'calls, nothing written' : 'calls', counts.seen, `in ${seconds.toFixed(1)} s`],
  ]
  const numbers = rows.map(([, calls]) => spaced(calls))
  const width = Math.max(...numbers.map((text) => text.length))
  return table(rows.map(([what, , detail], place) => [what, (numbers[place] ?? '').padStart(width), detail]))
}
