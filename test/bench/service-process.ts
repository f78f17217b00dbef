import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { startCommand } from '../start-command.ts'
import type { BenchDatabase, BenchSurroundings } from './postgres.ts'

/** A server in a process of its own. */
export interface ServerProcess {
  /** Where it listens. */
  address: string
  /** The most memory that it has held so far, in MB; null where the system does not tell. */
  peakMemory(): Promise<number | null>
  stop(): Promise<void>
}

/**
 * Starts a server and waits until it prints its address.
 *
 * @param args for Node.js: the script, before it options
 * @param env beside the environment of this process
 * @throws where it ends before that
 */
async function startServerProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const address = await new Promise<string>((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', (data: Buffer) => {
      printed += data.toString()
      const found = /http:\/\/\S+/.exec(printed)
      if (found !== null) resolve(found[0])
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`a server did not start: ${args.join(' ')}`)))
  })
  return {
    address,
    peakMemory: async () => {
      const file = `/proc/${child.pid}/status`
      if (!existsSync(file)) return null
      const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(file, 'utf8')) ?? []
      return kilobytes === undefined ? null : Number(kilobytes) / 1024
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(force)
    },
  }
}

/** Starts the built service on a database, as `npm start` does. */
export async function startService(database: BenchDatabase, surroundings: BenchSurroundings): Promise<ServerProcess> {
  const { options, script } = await startCommand()
  return startOn(database, [...options, script], surroundings)
}

/** Starts a server on a database; its key is the secret of the PBX as well. */
export async function startOn(
  { url, key }: BenchDatabase,
  args: readonly string[],
  { stops }: BenchSurroundings,
): Promise<ServerProcess> {
  const server = await startServerProcess(args, {
    DATABASE_URL: url,
    ZADARMA_SECRET: key,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
  })
  stops.push(() => server.stop())
  return server
}
