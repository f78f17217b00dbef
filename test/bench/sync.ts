import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { v4 as uuidv4 } from 'uuid'
import { fillHistory, type HistorySize } from './history-data.ts'

/** What became of one sync of a whole history, beside a plain copy of the same calls. */
export interface SyncResult {
  size: HistorySize
  /** Calls per second. */
  synced: number
  copied: number
  /** MB of the process that syncs; null where the system does not tell. */
  peakMemory: number | null
  registered: number
  /** Seconds of a second run, which finds nothing to do. */
  again: number
}

export interface SyncBench {
  client: pg.Client
  /** The address of the same database, for the command. */
  url: string
  rootDir: string
  log: (text: string) => void
}

/** Syncs histories of this size with the built command, once with each kind of ids. */
export async function measureSync(bench: SyncBench, size: Omit<HistorySize, 'ids'>): Promise<SyncResult[]> {
  const results: SyncResult[] = []
  for (const ids of ['in order', 'random'] as const) results.push(await measureOne(bench, { ...size, ids }))
  return results
}

async function measureOne(bench: SyncBench, size: HistorySize): Promise<SyncResult> {
  const { client, log } = bench
  const all = size.contacts * size.calls
  log(`history: making ${all} calls, ids ${size.ids}`)
  await client.query('truncate contacts, lead_opportunities, listed_opportunities, calls, sync_runs cascade')
  await fillHistory(client, size)
  const copied = all / (await secondsToCopy(client))
  await client.query('checkpoint')
  const first = await sync(bench)
  const second = await sync(bench)
  const result = { size, copied, synced: all / first.seconds, ...first, again: second.seconds }
  log(`history: ${result.synced.toFixed(0)} calls/s, ${copied.toFixed(0)} copied`)
  return result
}

/** COPY of the calls into a table with the same columns, checks and indexes. */
async function secondsToCopy(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ columns: string }>(
    `select string_agg(column_name, ', ' order by ordinal_position) as columns from information_schema.columns
     where table_name = 'calls' and is_generated = 'NEVER'`,
  )
  const columns = rows[0]?.columns
  const file = path.join(os.tmpdir(), `first-call-bench-${uuidv4()}.copy`)
  await client.query(`copy calls (${columns}) to '${file}'`)
  await client.query('create table copied_calls (like calls including all); checkpoint')
  const startedAt = performance.now()
  await client.query('set synchronous_commit = on')
  await client.query(`copy copied_calls (${columns}) from '${file}'`)
  const seconds = (performance.now() - startedAt) / 1_000
  await client.query(`drop table copied_calls; copy (select) to program 'rm ${file}'`)
  return seconds
}

async function sync({
  url,
  rootDir,
}: SyncBench): Promise<{ seconds: number; registered: number; peakMemory: number | null }> {
  const command = spawn(process.execPath, [path.join(rootDir, 'dist/cli.js'), 'sync', '--json'], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(command, 'close')
  let printed = ''
  command.stdout.on('data', (text) => {
    printed += text
  })
  let peakMemory: number | null = null
  while (command.exitCode === null) {
    peakMemory = (await peakOf(command.pid)) ?? peakMemory
    await Promise.race([ended, wait(200)])
  }
  await ended
  const { seconds, registered } = JSON.parse(printed)
  return { seconds, registered, peakMemory }
}

async function peakOf(pid: number | undefined): Promise<number | null> {
  const file = `/proc/${pid}/status`
  if (!existsSync(file)) return null
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(file, 'utf8').catch(() => '')) ?? []
  return kilobytes === undefined ? null : Number(kilobytes) / 1024
}
