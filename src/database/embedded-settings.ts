import { readFile, statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { type Account, runAs } from './embedded-account.ts'
import type { Binaries } from './embedded-binaries.ts'
import { hasCode, writeDurably } from './embedded-files.ts'
import type { Place } from './embedded-place.ts'

const FILE = 'first-call.conf'

const MB = 1024 * 1024

/**
 * An eighth of the machine's memory, or of what the service may use of it, from 128 MB to 4 GB: PostgreSQL takes it page
 * by page as the data grow. What attempts touch of a million opportunities fits into 3 GB.
 */
function sharedBuffers(): string {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
  return `${Math.floor(Math.min(Math.max(memory / 8 / MB, 128), 4_096))}MB`
}

/**
 * A twentieth of the disk, from 1 to 8 GB. After each checkpoint the first change of a page writes it whole into the log:
 * calls of a million opportunities write ten times as much then. The log reaches this size under lasting load alone.
 */
async function mostOfLog(folder: string): Promise<string> {
  const { blocks, bsize } = await statfs(folder)
  return `${Math.floor(Math.min(Math.max((blocks * bsize) / 20 / MB, 1_024), 8_192))}MB`
}

const SETTINGS = {
  shared_buffers: sharedBuffers(),
  max_connections: '100',
  checkpoint_timeout: '15min',
  jit: 'off',
  random_page_cost: '1.1',
  timezone: `'UTC'`,
  log_timezone: `'UTC'`,
  // A file for each day of the week, begun anew when its day comes round.
  logging_collector: 'on',
  log_directory: `'log'`,
  log_filename: `'postgresql-%a.log'`,
  log_truncate_on_rotation: 'on',
  log_rotation_age: '1d',
  log_rotation_size: '0',
  // Neither statements nor the keys of refused rows: they hold telephone numbers.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

/**
 * Makes `postgresql.conf` the file of the person: our settings come first, then what initdb found out about this
 * system, then theirs, which win.
 */
export async function writeOwnersFile(folder: string, account: Account | undefined): Promise<void> {
  const path = join(folder, 'postgresql.conf')
  const chosenByInitdb = (await readFile(path, 'utf8')).match(/^\w+ = .*$/gm) ?? []
  const kept = chosenByInitdb.filter(
    (line) => ![...Object.keys(SETTINGS), 'max_wal_size'].some((name) => line.startsWith(`${name} =`)),
  )
  const lines = [
    '# The settings of First Call. What stands below wins over them.',
    `include_if_exists '${FILE}'`,
    '',
    '# What initdb found out about this system.',
    ...kept,
    '',
    '# Your own settings:',
    '',
  ]
  await writeDurably(path, lines.join('\n'), account)
}

/** Writes our settings, if they are not there already. */
export async function writeSettings({ folder, account }: Place, binaries: Binaries): Promise<void> {
  const path = join(folder, FILE)
  // pglz costs more than it saves: a full page takes longer to compress than to write.
  const compression = (await hasLz4(folder, account, binaries)) ? 'lz4' : 'off'
  const chosen = { ...SETTINGS, max_wal_size: await mostOfLog(folder), wal_compression: compression }
  const lines = [
    '# First Call writes this file at every start. Your own settings go into postgresql.conf and win.',
    ...Object.entries(chosen).map(([name, value]) => `${name} = ${value}`),
    '',
  ]
  const text = lines.join('\n')
  if ((await readIfThere(path)) !== text) await writeDurably(path, text, account)
}

/** PostgreSQL refuses a method that it was built without. About 10 ms. */
async function hasLz4(folder: string, account: Account | undefined, { postgres }: Binaries): Promise<boolean> {
  const args = ['-D', folder, '-c', 'wal_compression=lz4', '-C', 'wal_compression']
  return (await runAs(account, postgres, args)).succeeded
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
