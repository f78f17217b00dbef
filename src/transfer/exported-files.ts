import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { findFile, hasCode, makeFolders, syncFolder } from '../database/embedded-files.ts'
import type { MailFolders } from '../mailbox/files.ts'
import { TransferError } from './error.ts'
import { type FilePiece, type Folder, PIECE_BYTES } from './format.ts'

interface PiecesOptions {
  folders: MailFolders
  onMissing: (folder: Folder, name: string) => void
}

/** A file as lines of an export; one that is not there is told, and has none. */
export async function* piecesOf(
  folder: Folder,
  name: string,
  { folders, onMissing }: PiecesOptions,
): AsyncGenerator<{ line: string; at: number; bytes: number }> {
  const handle = await open(path.join(folders[folder], name)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null
    throw error
  })
  if (handle === null) {
    onMissing(folder, name)
    return
  }
  try {
    const { size } = await handle.stat()
    const buffer = Buffer.alloc(Math.min(PIECE_BYTES, size))
    let at = 0
    do {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - at), at)
      if (bytesRead === 0 && at < size) throw new TransferError(`The file ${name} became shorter while it was read.`)
      const piece: FilePiece = { file: folder, name, size, at, base64: buffer.toString('base64', 0, bytesRead) }
      yield { line: `${JSON.stringify(piece)}\n`, at, bytes: bytesRead }
      at += bytesRead
    } while (at < size)
  } finally {
    await handle.close()
  }
}

/**
 * Puts the files of an export back, piece by piece. A file has its name once it is whole and on the disk; one that is
 * there already stays, and has to be the same.
 */
export class RestoredFiles {
  readonly #folders: MailFolders
  /** Those that were not there before. */
  readonly #made: string[] = []
  #open: { handle: FileHandle; target: string; hash: Hash } | null = null

  constructor(folders: MailFolders) {
    this.#folders = folders
  }

  /** Takes the next piece. Those of one file follow each other, which is known already. */
  async add({ file, name, size, at, base64 }: FilePiece): Promise<void> {
    const target = path.join(this.#folders[file], name)
    this.#open ??= await this.#begin(target)
    const { handle, hash } = this.#open
    const bytes = Buffer.from(base64, 'base64')
    hash.update(bytes)
    await handle.writeFile(bytes)
    if (at + bytes.length === size) await this.#finish()
  }

  /** Removes whatever was made. */
  async undo(): Promise<void> {
    await this.#open?.handle.close().catch(() => undefined)
    if (this.#open !== null) await rm(unfinished(this.#open.target), { force: true })
    for (const target of this.#made) await rm(target, { force: true })
  }

  async #begin(target: string) {
    const made = await makeFolders(path.dirname(target), 0o700)
    for (const folder of made) await syncFolder(path.dirname(folder))
    // One that a killed restoring has left is begun anew.
    await rm(unfinished(target), { force: true })
    return { handle: await open(unfinished(target), 'wx', 0o600), target, hash: createHash('sha256') }
  }

  async #finish(): Promise<void> {
    if (this.#open === null) return
    const { handle, target, hash } = this.#open
    await handle.sync()
    await handle.close()
    this.#open = null
    if ((await findFile(target)) !== undefined) {
      await rm(unfinished(target), { force: true })
      const there = createHash('sha256')
        .update(await readFile(target))
        .digest('hex')
      if (there === hash.digest('hex')) return
      throw new TransferError(`There is another file at ${target}. Move it away, or set another DATA_DIR.`)
    }
    await rename(unfinished(target), target)
    this.#made.push(target)
    await syncFolder(path.dirname(target))
  }
}

const unfinished = (target: string): string => `${target}.restored.unfinished`
