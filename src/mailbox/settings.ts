import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
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

/**
 * The certificates of a PEM file.
 *
 * @throws with what is wrong with it, as what follows the variable's name
 */
export function readCertificates(file: string): string {
  const text = readText(file)
  const certificates = text.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? []
  if (certificates.length === 0 || !certificates.every(isCertificate)) {
    throw new Error(`must name a file of certificates in PEM form, which ${file} is not`)
  }
  return certificates.join('\n')
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new Error(`must name a file that can be read, which ${file} cannot (${code})`, { cause: error })
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined
  } catch {
    return false
  }
}
