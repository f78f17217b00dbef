import { parseMailboxUrl } from './mailbox-url.ts'

const OAUTH_NAMES = [
  'MAILBOX_OAUTH_CLIENT_ID',
  'MAILBOX_OAUTH_CLIENT_SECRET',
  'MAILBOX_OAUTH_REFRESH_TOKEN',
  'MAILBOX_OAUTH_TOKEN_URL',
] as const

/** What is wrong with variables of the mailbox that are right one by one, a sentence each. */
export function faultsTogether(set: Readonly<Record<string, string | undefined>>): string[] {
  const missing = OAUTH_NAMES.filter((name) => set[name] === undefined)
  const hasOauth = missing.length < OAUTH_NAMES.length
  const faults = hasOauth ? missing.map((name) => `${name} must be set where the other MAILBOX_OAUTH_* are.`) : []
  if (set.MAILBOX_URL === undefined) {
    return hasOauth ? [...faults, 'MAILBOX_URL must be set where MAILBOX_OAUTH_* are.'] : faults
  }
  const address = parseMailboxUrl(set.MAILBOX_URL)
  if ('fault' in address) return faults
  const hasPassword = address.password !== null
  if (hasOauth && hasPassword) faults.push('MAILBOX_URL must have no password where MAILBOX_OAUTH_* are set.')
  if (!hasOauth && !hasPassword) faults.push('MAILBOX_URL must have a password, or MAILBOX_OAUTH_* must be set.')
  return faults
}

/** Whether an access token may be asked for here: nobody else is to hear the secrets. */
export function isTokenUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, hash } = new URL(text)
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  const isPrivate = protocol === 'https:' || (protocol === 'http:' && isLocal)
  return isPrivate && username === '' && password === '' && hash === ''
}

/** Whether it is an address such as `recordings@zadarma.com`, or the domain of many. In lower case. */
export function isSender(text: string): boolean {
  return /^([^\s@,]+@)?(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(text)
}
