import type { Command } from 'commander'
import { runOn } from '../attempts/read.ts'
import { type Repaired, repair } from '../coverage/repair.ts'
import { counted } from '../http/refusal.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { registerOf } from './register.ts'
import { json, printable, type Terminal } from './terminal.ts'

interface Options {
  dryRun?: true
  withdrawUnknown?: true
  json?: true
}

/** `repair`. */
export function addRepairCommand(program: Command, surroundings: Surroundings): void {
  program
    .command('repair')
    .description('mends attempts that contradict their calls; exit code 1 where the calls do not tell what is right')
    .option('--dry-run', 'says what would be done, and does nothing')
    .option('--withdraw-unknown', 'attempts of which there is no call go, too')
    .option('--json', 'for machines')
    .action((options: Options) => repairAll(options, surroundings))
}

async function repairAll(options: Options, surroundings: Surroundings): Promise<void> {
  const { terminal, signal, fail } = surroundings
  const isDryRun = options.dryRun === true
  const counts = { mended: 0, open: 0, failed: 0 }
  const all: Repaired[] = []
  await withDatabase(surroundings, async (database) => {
    const register = registerOf(database, terminal)
    try {
      const repairing = repair({
        database,
        register,
        run: runOn(database.calls, database.hasPooler),
        isDryRun,
        withdrawsUnknown: options.withdrawUnknown === true,
        signal,
      })
      for await (const one of repairing) {
        counts[one.result]++
        if (options.json === true) all.push(one)
        else terminal.print(lineOf(one, isDryRun, terminal.paint))
      }
    } finally {
      await register.drained()
    }
  })
  const { mended, open, failed } = counts
  terminal.print(
    options.json === true
      ? json({ dry_run: isDryRun, mended, open, failed, contradictions: all })
      : `${counted(mended, 'contradiction')} ${isDryRun ? 'would be ' : ''}mended, ${open + failed} left.\n`,
  )
  if (open + failed > 0) fail()
}

function lineOf(
  { kind, call_id, opportunity_id, detail, result, did }: Repaired,
  isDryRun: boolean,
  paint: Terminal['paint'],
) {
  const what = call_id === null ? `opportunity ${opportunity_id}` : `call ${call_id}`
  const where = call_id === null || opportunity_id === null ? '' : `, opportunity ${opportunity_id}`
  const done =
    result === 'mended' ? paint('green', isDryRun ? 'would be mended' : 'mended') : paint('red', 'not mended')
  return `${done}  ${printable(`${kind}: ${what}${where}: ${detail}`)}\n  → ${printable(did)}\n`
}
