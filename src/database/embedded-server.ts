import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import { processOptions } from './embedded-account.ts'
import type { Binaries } from './embedded-binaries.ts'
import { EmbeddedDatabaseError, OTHER_DATABASE, startFailure } from './embedded-error.ts'
import { lastWords } from './embedded-last-words.ts'
import { isHeld } from './embedded-lock.ts'
import { endOrphans } from './embedded-orphans.ts'
import type { Place } from './embedded-place.ts'
import { knock } from './embedded-presence.ts'
import { ensureSocketFolder, PORT } from './embedded-socket.ts'

/** After a crash it first reads up to 8 GB of its log again. */
const START_MS = 300_000
/** The children of a server that was killed notice it sooner, or never. */
const ORPHANS_LEAVE_MS = 3_000

interface ServerProcess {
  startedAtMs: number
  hasEnded: () => boolean
  /** What it said before its own log was open. */
  firstWords: FileHandle
}

/**
 * Gives a connection to the server of this place that counts as its user: to the one that runs, whoever started it,
 * else to a new one on what `prepare` has made ready.
 * @throws EmbeddedDatabaseError where none comes up, or the signal's reason
 */
export async function reachServer(
  place: Place,
  prepare: () => Promise<Binaries>,
  signal: AbortSignal,
): Promise<pg.Client> {
  let server: ServerProcess | undefined
  let binaries: Binaries | undefined
  let orphansSince: number | undefined
  try {
    const deadline = Date.now() + START_MS
    for (let knocks = 1; Date.now() < deadline; await setTimeout(pauseAfter(knocks)), knocks += 1) {
      // One that we have started is waited for, since it has to be stopped.
      if (!server) signal.throwIfAborted()
      const answer = await knock(place)
      if (typeof answer === 'object') return answer
      if (answer === 'busy' || (server && !server.hasEnded())) continue
      if (server) {
        const isHeldByOrphans = await assertLockedOut(place, server)
        if (await isHeld(place)) continue
        orphansSince = isHeldByOrphans ? (orphansSince ?? Date.now()) : undefined
        if (orphansSince !== undefined && Date.now() - orphansSince > ORPHANS_LEAVE_MS) await endOrphans(place)
        await server.firstWords.close()
      }
      binaries ??= await prepare()
      server = await spawnServer(place, binaries)
    }
  } finally {
    await server?.firstWords.close()
  }
  throw new EmbeddedDatabaseError(
    `The PostgreSQL of ${place.folder} has not come up within ${START_MS / 60_000} minutes. Look into ` +
      `${place.folder}/log, or ${OTHER_DATABASE}.`,
  )
}

/** Ever more seldom: the server logs each knock that comes too early, and recovery can take minutes. */
function pauseAfter(knocks: number): number {
  return Math.min(8 + 2 * knocks, 250)
}

/**
 * Starts the server in a session of its own: Ctrl-C must not reach it before us, and it outlives us if we are killed.
 * Its first words go to a file without a name, which needs no tidying up and which nobody else writes to.
 */
async function spawnServer(place: Place, { postgres }: Binaries): Promise<ServerProcess> {
  const path = join(place.folder, `first-words-${randomBytes(6).toString('hex')}`)
  const firstWords = await open(path, 'wx+', 0o600)
  await rm(path)
  const socketFolder = (await ensureSocketFolder(place)).replaceAll('"', '""')
  const startedAtMs = Date.now()
  const server = spawn(
    postgres,
    // What is given here wins over every file: on it rests that we, and nobody else, can connect.
    [`--port=${PORT}`, '--listen_addresses=', `--unix_socket_directories="${socketFolder}"`, '-D', place.folder],
    { ...processOptions(place.account), detached: true, stdio: ['ignore', firstWords.fd, firstWords.fd] },
  )
  let hasEnded = false
  const onEnd = () => {
    hasEnded = true
  }
  server.once('exit', onEnd)
  server.once('error', (error) => firstWords.write(error.message).then(onEnd, onEnd))
  server.unref()
  return { startedAtMs, hasEnded: () => hasEnded, firstWords }
}

/**
 * @returns whether processes hold it whose server is gone
 * @throws EmbeddedDatabaseError where the server ended for another reason than that another one held the data folder
 */
async function assertLockedOut(place: Place, server: ServerProcess): Promise<boolean> {
  const { buffer, bytesRead } = await server.firstWords.read({ position: 0, length: 16_384 })
  const words = buffer.toString('utf8', 0, bytesRead)
  const isHeldByOrphans = words.includes('pre-existing shared memory block')
  const wasLockedOut = isHeldByOrphans || /lock file ".*" (already exists|is empty)/.test(words)
  if (!wasLockedOut) throw startFailure(place.dataDir, await lastWords(place.folder, words, server.startedAtMs))
  return isHeldByOrphans
}
