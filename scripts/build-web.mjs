import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'vite'

/* Builds dist/web, anew only where something of web/ or of what it is made with has changed since. */

const DONE = 'dist/web/built'
const SOURCES = ['web', 'package-lock.json', 'docs/licences.md']
/** Smaller ones fit into a packet as they are. */
const COMPRESSED_FROM_BYTES = 1_024
const MANTINE = 'node_modules/@mantine/core/styles'
const COMPRESSIBLE = /\.(js|css|svg|json)$/

const changedAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
const filesOf = (place) =>
  statSync(place).isFile()
    ? [place]
    : readdirSync(place, { recursive: true, withFileTypes: true }).map(({ parentPath, name }) =>
        path.join(parentPath, name),
      )

/** Mantine's styles that a component of the pages wants and the pages do not bring. */
function missingStyles() {
  const textOf = (extension) =>
    filesOf('dist/web/assets')
      .filter((file) => file.endsWith(extension))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n')
  const classesOf = (text) => new Set(text.match(/\bm_[0-9a-f]{5,}\b/g))
  const [wanted, brought] = [classesOf(textOf('.js')), classesOf(textOf('.css'))]
  return filesOf(MANTINE)
    .filter((file) => /[/][A-Z]\w+[.]css$/.test(file))
    .filter((file) => [...classesOf(readFileSync(file, 'utf8'))].some((name) => wanted.has(name) && !brought.has(name)))
    .map((file) => path.basename(file))
}

const lastChange = Math.max(...SOURCES.flatMap(filesOf).map(changedAt))
if (changedAt(DONE) <= lastChange) {
  await build({ configFile: 'web/vite.config.ts', logLevel: 'warn' })
  const missing = missingStyles()
  if (missing.length > 0) throw new Error(`web/src/mantine.css lacks ${missing.join(', ')}, which a page uses.`)
  // Once, at the highest level, and not for each who asks.
  for (const file of filesOf('dist/web').filter((name) => COMPRESSIBLE.test(name))) {
    const bytes = readFileSync(file)
    if (bytes.length < COMPRESSED_FROM_BYTES) continue
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  }
  writeFileSync(DONE, '')
}
