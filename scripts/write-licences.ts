import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { licencesText } from './licences-text.ts'

await writeFile(path.resolve(import.meta.dirname, '../docs/licences.md'), licencesText())
