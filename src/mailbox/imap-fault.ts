import type { ImapFlowError } from 'imapflow'
import { faultOf } from '../zadarma/exchange.ts'
import type { Login } from './connection.ts'
import { MailboxError } from './error.ts'
import type { MailboxConfig } from './mailbox.ts'
import { serverWords } from './server-words.ts'

/** What went wrong, in words for a person, and without what the error itself holds of passwords. */
export function faultOfImap(error: unknown, mailbox: MailboxConfig, login: Login): MailboxError {
  const { host, user, folder } = mailbox
  const secrets = [...Object.values(login), mailbox.password]
  const words = (text: unknown): string => {
    const said = typeof text === 'string' ? serverWords(text, secrets) : ''
    return said === '' ? '' : `: ${said}`
  }
  if (!(error instanceof Error)) return new MailboxError('failed', `${host} cannot be read${words(String(error))}.`)
  const imapError: ImapFlowError = error
  const { code, reason, authenticationFailed, tlsFailed, response, responseText, serverResponseCode } = imapError
  // One that only broke off meanwhile has a code; one that is out of order for a while says so (RFC 5530).
  if (authenticationFailed === true && code === undefined) {
    const isTemporary = TEMPORARY.includes(serverResponseCode ?? '')
    const fault = `${host} refuses the log-in of ${user}${words(response ?? error.message)}.`
    return new MailboxError(isTemporary ? 'disconnected' : 'refused', fault)
  }
  if (isCertificateFault(code)) {
    return new MailboxError(
      'failed',
      `The certificate of ${host} cannot be trusted${words(error.message)}. An authority of your own goes into MAILBOX_CA_FILE.`,
    )
  }
  if (tlsFailed === true && code === undefined) {
    return new MailboxError('failed', `${host} offers no TLS on this port, and without it nobody logs in.`)
  }
  if (typeof responseText === 'string') {
    return new MailboxError('failed', `${host} says no, while reading ${folder}${words(responseText)}.`)
  }
  if (typeof reason === 'string') {
    return new MailboxError('disconnected', `${host} ended the connection${words(reason)}.`)
  }
  if (code === 'NoConnection' || code === 'EConnectionClosed' || String(code).startsWith('ClosedAfterConnect')) {
    return new MailboxError('disconnected', `${host} broke the connection off.`)
  }
  return new MailboxError('disconnected', `${host} ${serverWords(faultOf(error), secrets)}.`)
}

const TEMPORARY = ['UNAVAILABLE', 'SERVERBUG', 'INUSE', 'LIMIT']

function isCertificateFault(code: unknown): boolean {
  return typeof code === 'string' && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code)
}
