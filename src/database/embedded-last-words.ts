import { readdir, readFile, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'

const ROOM_TO_SPEAK = 1_000_000
/** Said to whoever knocked too early; it is not why the server ended. */
const TO_CLIENTS = /FATAL: +the database system is /

/**
 * Gives the last five lines that a server said which ended while it came up: on its way to its log (`firstWords`), or in
 * what it has written there since. On a full disk it can say nothing.
 */
export async function lastWords(folder: string, firstWords: string, startedAtMs: number): Promise<string> {
  const hasSaidWhy = /FATAL|PANIC|ERROR/.test(firstWords)
  const said = hasSaidWhy ? firstWords : `${firstWords}\n${await readNewestLog(join(folder, 'log'), startedAtMs)}`
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !TO_CLIENTS.test(line))
  if (lines.length === 0 && (await isFull(folder))) return 'no space left on device'
  const withoutTimes = lines.slice(-5).map((line) => line.replace(/^[\d-]+ [\d:.]+ \S+ \[\d+\] /, ''))
  return withoutTimes.join('\n')
}

async function readNewestLog(folder: string, changedSinceMs: number): Promise<string> {
  const names = await readdir(folder).catch(() => [])
  const logs = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), changedAtMs: (await stat(join(folder, name))).mtimeMs })),
  )
  const [newest] = logs.sort((one, other) => other.changedAtMs - one.changedAtMs)
  return newest && newest.changedAtMs >= changedSinceMs ? readFile(newest.path, 'utf8') : ''
}

async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize < ROOM_TO_SPEAK
}
