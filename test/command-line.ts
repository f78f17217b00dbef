import path from 'node:path'
import { Readable, Writable } from 'node:stream'
import { runCommandLine } from '../src/cli/run.ts'
import { urlTo } from './postgres.ts'
import type { TestDatabase } from './service.ts'

const rootDir = path.resolve(import.meta.dirname, '..')

export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** The environment in which a command line works on a test's database. */
export const environmentOf = ({ connection }: Pick<TestDatabase, 'connection'>, dataDir: string) => ({
  DATABASE_URL: urlTo(connection),
  DATA_DIR: dataDir,
})

/** Runs commands within this process, which is sooner there than one of its own. */
export function commandLineOn(database: Pick<TestDatabase, 'connection'>, dataDir: string) {
  return async (
    args: readonly string[],
    {
      isWatched = false,
      signal = new AbortController().signal,
      answers = [],
    }: { isWatched?: boolean; signal?: AbortSignal; answers?: readonly string[] } = {},
  ): Promise<Ended> => {
    const texts = { stdout: '', stderr: '' }
    const streamTo = (name: keyof typeof texts) =>
      Object.assign(
        new Writable({
          write: (chunk: Buffer, _, done) => {
            texts[name] += chunk.toString()
            done()
          },
        }),
        { isTTY: isWatched },
      ) as NodeJS.WritableStream as NodeJS.WriteStream
    const code = await runCommandLine({
      args,
      env: environmentOf(database, dataDir),
      rootDir,
      output: streamTo('stdout'),
      messages: streamTo('stderr'),
      input: Object.assign(Readable.from(answers), { isTTY: isWatched }) as NodeJS.ReadableStream as NodeJS.ReadStream,
      signal,
    })
    return { code, ...texts }
  }
}
