import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { withAccessTable } from './access-table.ts'

const file = path.resolve(import.meta.dirname, '../docs/security.md')
await writeFile(file, withAccessTable(await readFile(file, 'utf8')))
