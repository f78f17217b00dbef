import { runOn } from '../attempts/read.ts'
import { Register, type RegisterTimes } from '../attempts/register.ts'
import type { Database } from '../database/database.ts'
import { counted } from '../http/refusal.ts'
import { callDoor, contactDoor, type DoorOptions, opportunityDoor } from '../transfer/doors.ts'
import type { Kind } from '../transfer/fields.ts'
import { type ImportCounts, type ImportOptions, importFile } from '../transfer/import.ts'
import type { LineFault } from '../transfer/reader.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import type { ImportFlags } from './import.ts'
import { progressOf } from './import-progress.ts'
import { registerOf } from './register.ts'
import { json, printable } from './terminal.ts'

/** Nobody waits for a single line. */
const TIMES: RegisterTimes = { registerWithin: 10_000, answerWithin: 30_000 }
/** Of a dry run for machines; the others are counted. */
const MOST_FAULTS = 10_000

/** Brings the lines of a file in; says what became of them, and which were not taken and why. */
export async function importLines(
  kind: Kind,
  file: string,
  { map, timezone, unsorted = false, dryRun = false, json: isForMachines = false }: ImportFlags,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, config, signal, fail } = surroundings
  const { defaultCountry: country, zadarma } = config()
  const remarks: string[] = []
  const faults: ({ line: number } & LineFault)[] = []
  const onFault = (line: number, lineFaults: readonly LineFault[]): void => {
    if (!dryRun) return
    for (const fault of lineFaults) {
      if (isForMachines) {
        if (faults.length < MOST_FAULTS) faults.push({ line, ...fault })
      } else terminal.print(`${printable(wordsOf(line, fault))}\n`)
    }
  }
  const progress = progressOf(terminal)
  const options: ImportOptions = {
    kind,
    mapping: map,
    zone: timezone ?? zadarma.timezone,
    isDryRun: dryRun,
    isUnsorted: unsorted,
    signal,
    onRemark: (sentence) => {
      remarks.push(sentence)
      terminal.note(sentence)
    },
    onFault,
    onProgress: progress.show,
  }
  const counts = await withDatabase(surroundings, async (database) => {
    const register = dryRun ? readingRegister(database) : registerOf(database, terminal, TIMES)
    try {
      return await importKind(kind, file, { database, register, country, isDryRun: dryRun }, options)
    } finally {
      progress.end()
      await register.drained()
    }
  })
  if (counts.is_ended_early) terminal.note('Ended before the last line. The same command again goes on.')
  terminal.print(
    isForMachines ? json({ kind, ...counts, remarks, ...(dryRun ? { faults } : {}) }) : summaryOf(counts, dryRun),
  )
  if (counts.rejected > 0) fail()
}

function importKind(kind: Kind, file: string, doors: DoorOptions, options: ImportOptions): Promise<ImportCounts> {
  switch (kind) {
    case 'contacts':
      return importFile(file, contactDoor(doors), options)
    case 'opportunities':
      return importFile(file, opportunityDoor(doors), options)
    case 'calls':
      return importFile(file, callDoor(doors), options)
    default:
      return kind satisfies never
  }
}

/** A register that reads and decides, and then forgets what it would have written. */
function readingRegister({ calls, hasPooler }: Database): Register {
  const run = runOn(calls, hasPooler)
  const events = { onBatch: () => undefined, onRetry: () => undefined, onNotRegistered: () => undefined }
  return new Register(
    (name, text, values) => (name.startsWith('write_') ? Promise.resolve([]) : run(name, text, values)),
    events,
    TIMES,
  )
}

const wordsOf = (line: number, { column, reason }: LineFault): string =>
  `line ${line}${column === null ? '' : `, ${column}`}: ${reason}`

function summaryOf(counts: ImportCounts, isDryRun: boolean): string {
  const { lines, created, already_there, stays_deleted, rejected, outcomes, rejected_file } = counts
  const deleted = stays_deleted === 0 ? '' : `, ${stays_deleted} deleted here before and not brought back`
  const sentences = [
    isDryRun
      ? `${counted(lines, 'line')}: ${created} could be taken, ${already_there} already there${deleted}, ${rejected} could not. Nothing was written.`
      : `${counted(lines, 'line')}: ${created} created, ${already_there} already there${deleted}, ${rejected} rejected.`,
  ]
  const became = Object.entries(outcomes).sort(([, a], [, b]) => b - a)
  if (!isDryRun && became.length > 0) {
    sentences.push(`Of the calls created: ${became.map(([outcome, count]) => `${count} ${outcome}`).join(', ')}.`)
  }
  if (rejected_file !== null) sentences.push(`The rejected lines are in ${rejected_file}, each with its reason.`)
  return `${sentences.join('\n')}\n`
}
