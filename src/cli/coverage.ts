import { type Command, Option } from 'commander'
import { callsBehind, FIGURES, type Figure } from '../coverage/behind.ts'
import { contradictionsOf } from '../coverage/contradictions.ts'
import { type Coverage, coverageOf } from '../coverage/coverage.ts'
import { holesIn } from '../coverage/holes.ts'
import type { CoveragePeriod } from '../coverage/period.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { readPeriod } from './period.ts'
import { json, printable, table } from './terminal.ts'

interface Options {
  from?: string
  to?: string
  list?: Figure | 'contradictions'
  check?: true
  json?: true
}

/** `coverage`. */
export function addCoverageCommand(program: Command, surroundings: Surroundings): void {
  program
    .command('coverage')
    .description('what became of the outbound calls to contacts, and whether any is missing')
    .option('--from <day or time>', 'calls that took place from this day or time on, in the account’s zone')
    .option('--to <day or time>', 'calls that took place before this day or time')
    .addOption(
      new Option('--list <figure>', 'the ids behind a figure instead').choices([...FIGURES, 'contradictions'] as const),
    )
    .option('--check', 'exit code 1 where something is missing')
    .option('--json', 'for machines')
    .action(async (options: Options) => {
      const period = readPeriod(options, surroundings.config().zadarma.timezone)
      if (options.list === undefined) return show(period, options, surroundings)
      return list(options.list, period, options.json === true, surroundings)
    })
}

async function show(period: CoveragePeriod, options: Options, surroundings: Surroundings): Promise<void> {
  const { terminal, signal, fail } = surroundings
  const coverage = await withDatabase(surroundings, (database) => coverageOf(database, period, signal))
  const holes = holesIn(coverage, Date.now())
  terminal.print(options.json === true ? json(coverage) : shown(coverage))
  if (options.check !== true) return
  for (const hole of holes) terminal.note(hole)
  if (holes.length > 0) fail()
}

async function list(
  figure: Figure | 'contradictions',
  period: CoveragePeriod,
  isForMachines: boolean,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, signal } = surroundings
  await withDatabase(surroundings, async (database) => {
    if (figure !== 'contradictions') {
      for await (const id of callsBehind(database, figure, period)) {
        signal.throwIfAborted()
        terminal.print(isForMachines ? `${JSON.stringify(id)}\n` : `${id}\n`)
      }
      return
    }
    for await (const { position: _, ...contradiction } of contradictionsOf(database, period)) {
      signal.throwIfAborted()
      const { call_id, opportunity_id, detail } = contradiction
      const words = [
        call_id === null ? [] : `call ${call_id}`,
        opportunity_id === null ? [] : `opportunity ${opportunity_id}`,
      ]
      terminal.print(
        isForMachines
          ? `${JSON.stringify(contradiction)}\n`
          : `${printable(`${words.flat().join(', ')}: ${detail}`)}\n`,
      )
    }
  })
}

/** A table, and what it comes to in a sentence. */
function shown(coverage: Coverage): string {
  const { eligible, registered, turned_away, pending, oldest_pending_at, contradictions, share } = coverage
  const since = oldest_pending_at === null ? '' : `, the first since ${oldest_pending_at}`
  const rows = [
    ['eligible', eligible, 'outbound calls to contacts'],
    ['registered', registered, 'attempts of their opportunities'],
    ['limit_reached', turned_away.limit_reached, 'turned away: five attempts were made'],
    ['first_call_completed', turned_away.first_call_completed, 'turned away: the contact was reached before'],
    ['no_open_opportunity', turned_away.no_open_opportunity, 'turned away: the contact has no open opportunity'],
    ['unknown_contact', turned_away.unknown_contact, 'turned away: there is no such contact, nor an opportunity of it'],
    ['pending', pending, `wait to be registered${since}`],
    ['contradictions', contradictions, 'calls and attempts that do not say the same'],
  ] as const
  const missing = pending + contradictions
  const sentence =
    missing === 0
      ? 'Nothing is missing: every call that should be an attempt is one.'
      : `${(Math.floor(share * 10_000) / 100).toFixed(2)} % of the calls that should be attempts are.`
  const lines = rows.map(([figure, count, what]) => [figure, String(count), what])
  return `${table([['FIGURE', 'CALLS', 'WHAT'], ...lines])}\n${sentence}\nThe calls behind a figure: first-call coverage --list <figure>\n`
}
