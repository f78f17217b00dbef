/** The server that takes e-mails of ours. */
export interface SmtpConfig {
  host: string
  port: number
  /** Whether TLS comes with the connection; else STARTTLS has to be offered, but on this machine. */
  isTlsFromStart: boolean
  isTlsNeeded: boolean
  user: string | null
  password: string | null
}

const EXAMPLE = 'smtps://user:password@smtp.example.com'

/**
 * Reads an address such as `smtps://user:password@host:465`, user and password percent-encoded.
 *
 * @returns what is wrong as what follows the variable's name; it never holds a part of the address
 */
export function parseSmtpUrl(text: string): SmtpConfig | { fault: string } {
  if (!/^smtps?:\/\//i.test(text)) return { fault: `must be an address such as ${EXAMPLE}` }
  if (/^\w+:\/\/.*([?#]|\/.)/.test(text)) {
    return { fault: 'must end after host and port; write /, ? and # of the password as %2F, %3F and %23' }
  }
  if (!URL.canParse(text)) return { fault: `must be an address such as ${EXAMPLE}` }
  const { protocol, hostname, port, username, password } = new URL(text)
  if (hostname === '') return { fault: `must name a host, as in ${EXAMPLE}` }
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const isTlsFromStart = protocol.toLowerCase() === 'smtps:'
  try {
    return {
      host,
      port: port === '' ? (isTlsFromStart ? 465 : 587) : Number(port),
      isTlsFromStart,
      isTlsNeeded: !/^(127\.|::1$|localhost$)/.test(host),
      user: username === '' ? null : decodeURIComponent(username),
      password: username === '' ? null : decodeURIComponent(password),
    }
  } catch {
    return { fault: 'must have a user and password that are percent-encoded; write % as %25' }
  }
}
