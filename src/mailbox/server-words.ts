const LONGEST = 200

/** What a server said, fit for the log: a line that is not too long and holds none of these secrets. */
export function serverWords(text: string, secrets: readonly (string | null)[]): string {
  let words = text
  for (const secret of secrets) if (secret !== null && secret !== '') words = words.replaceAll(secret, '***')
  const line = words.replace(/\s+/g, ' ').trim()
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}
