/** Whether a message may come from this address: it is on the list, or its domain is, or is below one that is. */
export function isAllowedSender(from: string | null, allowed: readonly string[]): boolean {
  if (from === null) return false
  const domain = from.slice(from.lastIndexOf('@') + 1)
  return allowed.some((entry) => entry === from || entry === domain || domain.endsWith(`.${entry}`))
}
