import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { dataFolders } from '../data-folders.ts'
import { counted } from '../http/refusal.ts'
import { exportLines } from '../transfer/export.ts'
import type { Ending } from '../transfer/format.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { json } from './terminal.ts'
import { writeWhole } from './whole-file.ts'

interface ExportFlags {
  withoutFiles?: boolean
  json?: boolean
}

/** `export`. */
export function addExportCommand(program: Command, surroundings: Surroundings): void {
  program
    .command('export')
    .description('writes everything that is stored, as of one moment, as JSON Lines; import --restore puts it back')
    .argument('[file]', 'to be written or replaced; without it, to the standard output')
    .option('--without-files', 'leaves out recordings and large e-mails')
    .option('--json', 'what it came to, for machines; only with a file')
    .action((file: string | undefined, options: ExportFlags) => exportAll(file ?? null, options, surroundings))
}

/** What an export has, in words. */
export function exportedWords({ rows, files }: Pick<Ending, 'rows' | 'files'>): string {
  const all = Object.values(rows).reduce((sum, count) => sum + count, 0)
  const { contacts = 0, lead_opportunities = 0, calls = 0 } = rows
  return (
    `${counted(contacts, 'contact')}, ${counted(lead_opportunities, 'opportunity', 'opportunities')}, ${counted(calls, 'call')} ` +
    `(${counted(all, 'row')} in all) and ${counted(files.count, 'file')} of ${counted(files.bytes, 'byte')}`
  )
}

async function exportAll(
  file: string | null,
  { withoutFiles = false, json: isForMachines = false }: ExportFlags,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, config, signal, rootDir, fail } = surroundings
  const missing: string[] = []
  const version = JSON.parse(await readFile(path.join(rootDir, 'package.json'), 'utf8')).version as string
  const counts = await withDatabase(surroundings, async (database, dataPlace) => {
    const lines = exportLines(database, {
      folders: dataFolders(config(), dataPlace),
      version,
      hasFiles: !withoutFiles,
      signal,
      onProgress: terminal.progress,
      onMissing: (folder, name) => missing.push(`${folder}/${name}`),
    })
    try {
      return await (file === null
        ? drain(lines, (text) => terminal.send(text))
        : writeWhole(file, (write) => drain(lines, write)))
    } catch (error) {
      if (signal.aborted) {
        terminal.note('Ended. The export is not whole, and cannot be restored.')
        fail()
      }
      throw error
    } finally {
      terminal.progress('')
    }
  })
  for (const name of missing)
    terminal.note(`The file ${name} is missing: the database names it, but the folder has it not.`)
  const words = `Exported ${exportedWords(counts)}.`
  if (file === null) terminal.note(words)
  else terminal.print(isForMachines ? json({ file, ...counts, missing }) : `${words}\n`)
  if (missing.length > 0) fail()
}

type Lines = ReturnType<typeof exportLines>

async function drain(lines: Lines, write: (text: string) => Promise<unknown>): Promise<Pick<Ending, 'rows' | 'files'>> {
  try {
    for (;;) {
      const { done, value } = await lines.next()
      if (done === true) return value
      await write(value)
    }
  } finally {
    await lines.return({ rows: {}, files: { count: 0, bytes: 0 } })
  }
}
