import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describeApi } from '../test/description.ts'

await writeFile(path.resolve(import.meta.dirname, '../openapi.json'), await describeApi())
