import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import type { Place } from './embedded-place.ts'

/** By its title: a server's own children, and not the server. */
const CHILD_TITLE = 'postgres: '

/**
 * Ends processes of a server of this place that is dead. They end by themselves as soon as they notice, but one that waits
 * for what a killed one held never does, and while it is there PostgreSQL does not let another server on the data. Only
 * on Linux; elsewhere somebody has to do it.
 *
 * @returns how many there were
 */
export async function endOrphans({ folder }: Place): Promise<number> {
  if (process.platform !== 'linux') return 0
  const data = await realpath(folder)
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(pids.map(async (pid) => ((await isOrphan(pid, data)) ? [pid] : [])))
  return found.flat().filter(endIfThere).length
}

async function isOrphan(pid: number, data: string): Promise<boolean> {
  if ((await textOf(`/proc/${pid}/comm`)) !== 'postgres') return false
  if ((await readlink(`/proc/${pid}/cwd`).catch(() => '')) !== data) return false
  if (!(await textOf(`/proc/${pid}/cmdline`)).startsWith(CHILD_TITLE)) return false
  const [, parent] = /^PPid:\s+(\d+)$/m.exec(await textOf(`/proc/${pid}/status`)) ?? []
  // Whoever has lost its parent has been given another one, which is no PostgreSQL.
  return parent !== undefined && (await textOf(`/proc/${parent}/comm`)) !== 'postgres'
}

const textOf = (path: string): Promise<string> =>
  readFile(path, 'utf8').then(
    (text) => text.trimEnd(),
    () => '',
  )

function endIfThere(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    // It was faster.
    return false
  }
}
