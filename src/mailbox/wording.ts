import { readFileSync } from 'node:fs'

/** What facts are called in a message. */
export interface Wording {
  patterns: readonly RegExp[]
}

/** The wording of a user's file. */
export function loadWording(path: string | null): Wording {
  if (path === null) return { patterns: [] }
  const { patterns } = JSON.parse(readFileSync(path, 'utf8')) as { patterns: Record<string, string[]> }
  return { patterns: Object.values(patterns).flatMap((texts) => texts.map((text) => new RegExp(text, 'm'))) }
}
