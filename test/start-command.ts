import { readFile } from 'node:fs/promises'
import path from 'node:path'

const PACKAGE = path.resolve(import.meta.dirname, '../package.json')

/** What `npm start` gives Node.js: options, and the script of the service. */
export async function startCommand(): Promise<{ options: string[]; script: string }> {
  const { scripts } = JSON.parse(await readFile(PACKAGE, 'utf8'))
  const [, ...args] = String(scripts.start).split(' ')
  return { options: args.slice(0, -1), script: String(args.at(-1)) }
}
