/**
 * Whether a mail may come from this address.
 *
 * @param address as the From header has it, without a name; null where there is none
 * @param list addresses (`calls@example.com`) and domains (`example.com`, which stands for its subdomains too)
 */
export function isAllowedSender(address: string | null, list: readonly string[]): boolean {
  const sender = folded(address ?? '')
  const place = sender.lastIndexOf('@')
  const domain = sender.slice(place + 1).replace(/\.$/, '')
  if (place < 1 || domain === '' || /[\s<>,;]/.test(sender)) return false
  return list.map(folded).some((entry) => {
    if (entry.lastIndexOf('@') > 0) return entry === `${sender.slice(0, place)}@${domain}`
    const allowed = entry.replace(/^@/, '')
    return allowed !== '' && (domain === allowed || domain.endsWith(`.${allowed}`))
  })
}

/** Only these letters have a case in the names of hosts: another alphabet's must not become one of them. */
function folded(text: string): string {
  return text.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
