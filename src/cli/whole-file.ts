import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { syncFolder } from '../database/embedded-files.ts'

/** Writes a file that only the one who asked may read, and that has its name once it is whole. */
export async function writeWhole<Result>(
  file: string,
  work: (write: (chunk: string | Uint8Array) => Promise<void>) => Promise<Result>,
): Promise<Result> {
  const unfinished = `${file}.${randomBytes(6).toString('hex')}.unfinished`
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    const result = await work((chunk) => handle.writeFile(chunk))
    await handle.sync()
    await handle.close()
    await rename(unfinished, file)
    await syncFolder(path.dirname(path.resolve(file)))
    return result
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(unfinished, { force: true })
    throw error
  }
}
