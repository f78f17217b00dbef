import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { lockHolder } from '../../src/database/embedded-lock.ts'

/** What of a PostgreSQL is killed. */
export type Victim = 'all of it' | 'its postmaster' | 'one backend'

/** How the PostgreSQL in this data folder is reached. */
export const connectionIn = (dataDir: string) => ({
  host: path.join(dataDir, 'postgres'),
  port: 5432,
  user: 'first_call',
  database: 'first_call',
})

/**
 * Kills PostgreSQL with SIGKILL: the postmaster of this data folder and the processes that are its children, no others.
 *
 * @returns how many processes it were
 */
export async function killPostgres(dataDir: string, victim: Victim): Promise<number> {
  const postmaster = await lockHolder(path.join(dataDir, 'postgres'))
  if (postmaster === undefined) return 0
  const children = victim === 'its postmaster' ? [] : await childrenOf(postmaster)
  const backends = children.filter(({ command }) => / first_call first_call /.test(command))
  const killed =
    victim === 'one backend'
      ? backends.slice(0, 1).map(({ pid }) => pid)
      : [postmaster, ...children.map(({ pid }) => pid)]
  return killed.filter(killIfThere).length
}

function killIfThere(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

async function childrenOf(parent: number): Promise<{ pid: number; command: string }[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    names.map(async (name) => {
      const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '')
      if (!status.includes(`\nPPid:\t${parent}\n`)) return []
      const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
      return [{ pid: Number(name), command }]
    }),
  )
  return found.flat()
}

/** Waits until PostgreSQL answers. */
export async function untilPostgresServes(dataDir: string, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const client = new pg.Client({ ...connectionIn(dataDir), connectionTimeoutMillis: 1_000 })
    client.on('error', () => undefined)
    const isThere = await client.connect().then(
      () => true,
      () => false,
    )
    await client.end().catch(() => undefined)
    if (isThere) return
    if (performance.now() > deadline) throw new Error(`PostgreSQL did not come back within ${withinMs} ms`)
    await wait(20)
  }
}
