import { readFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import path from 'node:path'
import hoodiecrow from 'hoodiecrow-imap'

const folder = path.resolve(import.meta.dirname, 'mailbox')

/** Of the servers of the tests, valid for `localhost` and 127.0.0.1 until the year 2126; its own authority. */
export const CERTIFICATE = readFileSync(path.join(folder, 'certificate.pem'), 'utf8')
export const CERTIFICATE_FILE = path.join(folder, 'certificate.pem')
export const KEY_FILE = path.join(folder, 'key.pem')

export const PASSWORD = 'a pass%word of the m@ilbox'

export interface MailServerOptions {
  /** How TLS comes: with the connection, by STARTTLS, or not at all. */
  tls?: 'at once' | 'on demand' | 'never'
  /** What it can do beyond the minimum. */
  plugins?: readonly string[]
}

/** A mail server in this process, with one mailbox. */
export interface MailServer {
  port: number
  /** Puts a message into INBOX, and tells those who idle. Gives its UID. */
  deliver(raw: string): number
  /** Of a folder, in their order. */
  messages(folder?: string): { uid: number; flags: string[]; raw: string }[]
  /** Every message of INBOX has another UID from now on, under another UIDVALIDITY. */
  recount(): void
  setPassword(password: string): void
  setAccessToken(accessToken: string): void
  /** Says good-bye to everybody, and hangs up. */
  sayBye(): void
  /** Commands that were answered to the end, such as `UID STORE`, in their order; told before the answer is sent. */
  answered: string[]
  onAnswer: (command: string) => void
  close(): Promise<void>
}

const PLUGINS = ['ID', 'IDLE', 'UIDPLUS', 'MOVE', 'SASL-IR', 'XOAUTH2', 'AUTH-PLAIN']

/** Starts it on loopback. */
export async function startMailServer(
  user: string,
  { tls = 'at once', plugins = PLUGINS }: MailServerOptions = {},
): Promise<MailServer> {
  const imap = hoodiecrow({
    secureConnection: tls === 'at once',
    credentials: { key: readFileSync(KEY_FILE), cert: readFileSync(CERTIFICATE_FILE) },
    plugins: [...plugins, ...(tls === 'on demand' ? ['STARTTLS', 'LOGINDISABLED'] : [])],
    storage: { INBOX: { messages: [] }, '': { folders: {} } },
    users: { [user]: { password: PASSWORD } },
  })
  const sockets = new Set<Socket>()
  const loggedIn = new Set<Socket>()
  imap.server.on('connection', (socket: Socket) => {
    // It answers in small pieces, each of which would wait for the one before.
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  imap.connectionHandlers.push(({ socket }) => {
    if (socket === null) return
    loggedIn.add(socket)
    socket.on('close', () => loggedIn.delete(socket))
  })
  const answered: string[] = []
  const outliving = new WeakSet<Socket>()
  imap.outputHandlers.push(({ socket }, response, _, request) => {
    // When one closes, hoodiecrow-imap takes all listeners off it, while what it was sent has yet to fail.
    if (socket !== null && !outliving.has(socket)) {
      outliving.add(socket)
      socket.on('close', () => socket.on('error', () => undefined))
    }
    if (['*', '+'].includes(response.tag) || request === undefined) return
    const command = request.command.toUpperCase()
    answered.push(command)
    server.onAnswer(command)
  })
  await new Promise<void>((resolve) => imap.listen(0, '127.0.0.1', resolve))

  const server: MailServer = {
    port: (imap.server.address() as AddressInfo).port,
    deliver: (raw) => imap.appendMessage('INBOX', [], new Date(), raw).message.uid,
    messages: (name = 'INBOX') => imap.getMailbox(name).messages.map(({ uid, flags, raw }) => ({ uid, flags, raw })),
    recount: () => {
      const inbox = imap.getMailbox('INBOX')
      inbox.uidvalidity++
      inbox.uidnext = 1
      for (const message of inbox.messages) message.uid = inbox.uidnext++
    },
    setPassword: (password) => {
      imap.users[user] = { password }
    },
    setAccessToken: (accessToken) => {
      imap.users[user] = { xoauth2: { accessToken } }
    },
    sayBye: () => {
      for (const socket of loggedIn) socket.end('* BYE The server goes down for a moment\r\n')
    },
    answered,
    onAnswer: () => undefined,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => void imap.server.close(() => resolve()))
    },
  }
  return server
}

/** A message as short as one can be. */
export function message(id: string, text = 'Una grabación de la centralita'): string {
  const lines = [
    'From: Zadarma <noreply@zadarma.com>',
    'Subject: Recording',
    `Message-ID: <${id}@zadarma.com>`,
    '',
    text,
  ]
  return Buffer.from(lines.join('\r\n')).toString('latin1')
}
