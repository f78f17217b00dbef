import { stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Outcome } from '../calls/call.ts'
import { isUnavailable } from '../database/database.ts'
import { checkFile } from './check.ts'
import { type Columns, columnsFor, type Mapping } from './columns.ts'
import type { Door, Taken } from './doors.ts'
import type { Kind } from './fields.ts'
import { type LineFault, Reader, type Understood } from './reader.ts'
import { RejectedLines } from './rejected.ts'
import { type Row, rowsOf, type Source, sourceOf } from './rows.ts'

export interface ImportOptions {
  kind: Kind
  mapping: Mapping
  /** Of times without an offset, of the IANA list. */
  zone: string
  isDryRun: boolean
  /** Takes calls that are not in the order of time, too. */
  isUnsorted: boolean
  signal: AbortSignal
  /** Told what a person should know before anything is written. */
  onRemark: (sentence: string) => void
  /** Told of each line that is not taken, or would not be. */
  onFault: (line: number, faults: readonly LineFault[]) => void
  onProgress: (progress: Progress) => void
}

export interface Progress {
  /** Whether lines are written, or only looked at. */
  isWriting: boolean
  readBytes: number
  sizeBytes: number
  lines: number
}

/** What became of a file. */
export interface ImportCounts {
  lines: number
  created: number
  already_there: number
  /** Calls that were deleted here, and what was erased; it stays so (B5). */
  stays_deleted: number
  rejected: number
  /** Of calls that were created. */
  outcomes: Partial<Record<Outcome, number>>
  rejected_file: string | null
  /** Whether it ended before the last line. */
  is_ended_early: boolean
}

/** As many as the register takes at once. */
const CHUNK_LINES = 500
const CHUNK_TEXT = 900_000
/** Lines that are rejected may be a megabyte each, or have as many cells. */
const CHUNK_HELD = 10_000_000

/**
 * Brings a file in. It is read twice: first all of it is looked at, so that a file that cannot be taken as it is changes
 * nothing; then its lines are written in their order. What was written before is found again as already there.
 *
 * @throws TransferError where the file cannot be taken
 */
export async function importFile<Data>(file: string, door: Door<Data>, options: ImportOptions): Promise<ImportCounts> {
  const source = await sourceOf(file)
  const columns = columnsFor(options.kind, source.names, options.mapping)
  const sizeBytes = (await stat(file)).size
  await checkFile(source, columns, door, sizeBytes, options)
  if (options.signal.aborted) return { ...NOTHING, is_ended_early: true }
  return save(source, columns, door, sizeBytes, options)
}

const NOTHING: ImportCounts = {
  lines: 0,
  created: 0,
  already_there: 0,
  stays_deleted: 0,
  rejected: 0,
  outcomes: {},
  rejected_file: null,
  is_ended_early: false,
}

async function save<Data>(
  source: Source,
  { fields }: Columns,
  door: Door<Data>,
  sizeBytes: number,
  options: ImportOptions,
): Promise<ImportCounts> {
  const { kind, zone, signal, isDryRun } = options
  const counts: ImportCounts = { ...NOTHING, outcomes: {} }
  const reader = new Reader({ kind, names: source.names, fields, zone, schema: door.schema })
  const rejected = new RejectedLines(source)
  let readBytes = 0
  const reject = async (row: Row, faults: readonly LineFault[]): Promise<void> => {
    counts.rejected++
    options.onFault(row.line, faults)
    if (!isDryRun) await rejected.add(row, faults)
  }
  const take = async (chunk: readonly Understood<Data>[]): Promise<void> => {
    const items = chunk.flatMap((line) => ('faults' in line ? [] : [line]))
    const results = items.length === 0 ? [] : await patiently(() => door.take(items), signal)
    const taken = new Map<Understood<Data>, Taken | undefined>(items.map((item, place) => [item, results[place]]))
    for (const line of chunk) {
      const result = taken.get(line)
      if ('faults' in line) await reject(line.row, line.faults)
      else if (result?.result === 'refused') {
        const faults = result.faults.map(({ path, message }) => reader.faultAt(path, message))
        await reject(line.row, faults)
      } else if (result !== undefined) count(counts, result)
    }
    counts.lines += chunk.length
    options.onProgress({ isWriting: true, readBytes, sizeBytes, lines: counts.lines })
  }

  let writing = Promise.resolve()
  try {
    const rows = rowsOf(source, (bytes) => {
      readBytes += bytes
    })
    let chunk: Understood<Data>[] = []
    let text = 0
    let held = 0
    for await (const row of rows) {
      if (signal.aborted) break
      const understood = reader.read(row)
      chunk.push(understood)
      if (!('faults' in understood)) text += door.sizeOf(understood.data)
      held += heldOf(row)
      if (chunk.length < CHUNK_LINES && text < CHUNK_TEXT && held < CHUNK_HELD) continue
      // One after the other, in the order of the file; the next is read while one is written.
      await writing
      writing = take(chunk)
      writing.catch(() => undefined)
      chunk = []
      text = 0
      held = 0
    }
    await writing
    counts.is_ended_early = signal.aborted
    if (!signal.aborted) await take(chunk)
    // Only those of the whole file are all that were rejected.
    if (counts.is_ended_early) await rejected.discard()
    else counts.rejected_file = await rejected.finish()
    return counts
  } catch (error) {
    await writing.catch(() => undefined)
    await rejected.discard()
    throw error
  }
}

/** About how many bytes a line takes until it is written. */
function heldOf({ cells, text }: Row): number {
  const lengths = cells.reduce<number>((sum, cell) => sum + (typeof cell === 'string' ? cell.length : 0), 0)
  return lengths + 8 * cells.length + (text?.length ?? 0)
}

function count(counts: ImportCounts, taken: Taken): void {
  if (taken.result === 'refused') return
  counts[taken.result]++
  if (taken.result !== 'created' || taken.outcome === null) return
  counts.outcomes[taken.outcome] = (counts.outcomes[taken.outcome] ?? 0) + 1
}

const PATIENCE_MS = 30_000
const BETWEEN_TRIES_MS = 500

/** Tries again what a database that is busy or away could not do; whatever was written is found as already there. */
async function patiently<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isUnavailable(error) || performance.now() > deadline || signal.aborted) throw error
      await wait(BETWEEN_TRIES_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}
