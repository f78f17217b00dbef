import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { hasCode, syncFolder } from '../database/embedded-files.ts'
import { REJECTED_BECAUSE, REJECTED_LINE } from './columns.ts'
import { DELIMITERS } from './csv.ts'
import { foldName } from './fields.ts'
import type { LineFault } from './reader.ts'
import type { Row, Source } from './rows.ts'

const MARK = '\ufeff'

/**
 * The lines that were not taken, each with its reason, in a file beside theirs that can be mended and brought in like
 * it. It is there once it is whole; what was there of that name stays, and it comes under the next free one.
 */
export class RejectedLines {
  readonly #source: Source
  readonly #unfinished: string
  #handle: FileHandle | null = null
  #held = ''

  constructor(source: Source) {
    this.#source = source
    this.#unfinished = `${source.file}.${randomBytes(6).toString('hex')}.unfinished`
  }

  async add({ line, cells, text }: Row, faults: readonly LineFault[]): Promise<void> {
    const { delimiter, names } = this.#source
    const reason = faults.map(({ column, reason }) => (column === null ? reason : `${column}: ${reason}`)).join(' | ')
    if (delimiter === null) {
      const own = names.map((name, place) => [name, cells[place]] as const).filter(([name]) => !isOurs(name))
      const content = text === null ? Object.fromEntries(own) : { text }
      this.#held += `${JSON.stringify({ ...content, [REJECTED_LINE]: line, [REJECTED_BECAUSE]: reason })}\n`
    } else {
      // As many as it had: one that was cut off is not to pass for a whole one.
      const own = cells.filter((_, place) => !isOurs(names[place] ?? ''))
      this.#held += csvLine([line, reason, ...own], delimiter)
    }
    if (this.#held.length > 64 * 1024) await this.#write()
  }

  /** Gives the file its name, which is the result; null where no line was rejected. */
  async finish(): Promise<string | null> {
    if (this.#held !== '') await this.#write()
    const handle = this.#handle
    if (handle === null) return null
    await handle.sync()
    await handle.close()
    this.#handle = null
    const extension = this.#source.delimiter === null ? 'jsonl' : 'csv'
    const file = await nameFor(this.#unfinished, this.#source.file, extension)
    await rm(this.#unfinished, { force: true })
    await syncFolder(path.dirname(file))
    return file
  }

  /** Forgets what was rejected: the whole file is to be read again. */
  async discard(): Promise<void> {
    await this.#handle?.close()
    this.#handle = null
    await rm(this.#unfinished, { force: true })
  }

  async #write(): Promise<void> {
    const { delimiter, names } = this.#source
    if (this.#handle === null) {
      // Whoever may read the lines that were taken is not known here.
      this.#handle = await open(this.#unfinished, 'wx', 0o600)
      const heading = [REJECTED_LINE, REJECTED_BECAUSE, ...names.filter((name) => !isOurs(name))]
      if (delimiter !== null) {
        const sep = DELIMITERS.includes(delimiter) ? '' : `sep=${delimiter}\r\n`
        // With the mark Excel reads it as UTF-8.
        await this.#handle.writeFile(MARK + sep + csvLine(heading, delimiter))
      }
    }
    await this.#handle.writeFile(this.#held)
    this.#held = ''
  }
}

const isOurs = (name: string): boolean => [REJECTED_LINE, REJECTED_BECAUSE].includes(foldName(name))

const csvLine = (cells: readonly unknown[], delimiter: string): string =>
  `${cells.map((cell) => csvCell(String(cell ?? ''), delimiter)).join(delimiter)}\r\n`

const csvCell = (text: string, delimiter: string): string =>
  text.includes(delimiter) || /["\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text

/** Gives a file the first free name, unless the one of that name is the same. */
async function nameFor(unfinished: string, file: string, extension: string): Promise<string> {
  const digest = await digestOfFile(unfinished)
  for (let number = 1; ; number++) {
    const name = `${file}.rejected${number === 1 ? '' : `.${number}`}.${extension}`
    try {
      // Whoever makes it has the name, and takes the place of nothing.
      await (await open(name, 'wx', 0o600)).close()
      await rename(unfinished, name)
      return name
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
      if ((await digestOfFile(name)) === digest) return name
    }
  }
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}
