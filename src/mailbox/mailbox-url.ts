import { isIP } from 'node:net'

/** Where a mailbox is, and who reads it. */
export interface MailboxAddress {
  host: string
  port: number
  /** Whether TLS comes with the connection; else the connection has to be turned into one by STARTTLS. */
  isTlsFromStart: boolean
  user: string
  /** Null where the address has none: then an OAuth2 token is needed. */
  password: string | null
}

/** What is wrong with an address, as what follows the variable's name. It never holds a part of the address. */
export interface MailboxUrlFault {
  fault: string
}

const SCHEMES: Readonly<Record<string, { port: number; isTlsFromStart: boolean }>> = {
  'imaps:': { port: 993, isTlsFromStart: true },
  'imap:': { port: 143, isTlsFromStart: false },
}

/**
 * Reads an address such as `imaps://user:password@host:993`. User and password are percent-encoded; an `@` in the user
 * may stand as it is.
 */
export function parseMailboxUrl(text: string): MailboxAddress | MailboxUrlFault {
  const scheme = SCHEMES[/^[a-z]+:/i.exec(text)?.[0].toLowerCase() ?? '']
  if (scheme === undefined) return { fault: 'must begin with imaps:// or imap://' }
  if (/^[a-z]+:\/\/.*([?#]|\/.)/i.test(text)) {
    return { fault: 'must end after host and port; write /, ? and # of the password as %2F, %3F and %23' }
  }
  if (!URL.canParse(text)) return { fault: `must be an address such as ${EXAMPLE}` }
  const url = new URL(text)
  const [user, password] = [decoded(url.username), decoded(url.password)]
  if (user === null || password === null) {
    return { fault: 'must have a user and password that are percent-encoded; write % as %25' }
  }
  if (user === '') return { fault: `must name the user of the mailbox, as in ${EXAMPLE}` }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (!isHost(host)) return { fault: `must name a host, as in ${EXAMPLE}` }
  const { port, isTlsFromStart } = scheme
  return {
    host,
    port: url.port === '' ? port : Number(url.port),
    isTlsFromStart,
    user,
    password: password === '' ? null : password,
  }
}

const EXAMPLE = 'imaps://user:password@imap.example.com'

/** Null where the text is not percent-encoded, or holds what would end a command to the server. */
function decoded(text: string): string | null {
  try {
    const plain = decodeURIComponent(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    return /[\u0000-\u001f\u007f]/.test(plain) ? null : plain
  } catch {
    return null
  }
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/.test(text)
}
