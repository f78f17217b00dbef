/** The little of hoodiecrow-imap that the tests use; the package brings no types. */
declare module 'hoodiecrow-imap' {
  import type { Server, Socket } from 'node:net'

  interface Message {
    uid: number
    flags: string[]
    raw: string
  }

  interface Folder {
    uidvalidity: number
    uidnext: number
    messages: Message[]
  }

  interface Connection {
    socket: Socket | null
    state: string
  }

  interface Hoodiecrow {
    server: Server
    users: Record<string, { password?: string; xoauth2?: { accessToken: string } }>
    connectionHandlers: ((connection: Connection) => void)[]
    /** Called before each line of an answer is sent. */
    outputHandlers: ((
      connection: Connection,
      response: { tag: string; command: string },
      description: string,
      request?: { command: string },
    ) => void)[]
    listen(port: number, host: string, onListening: () => void): void
    getMailbox(path: string): Folder
    appendMessage(path: string, flags: string[], date: Date, raw: string): { message: Message }
  }

  interface Options {
    secureConnection: boolean
    credentials: { key: Buffer; cert: Buffer }
    plugins: string[]
    storage: Record<string, { messages?: string[]; folders?: Record<string, object> }>
    users: Hoodiecrow['users']
  }

  function hoodiecrow(options: Options): Hoodiecrow
  export = hoodiecrow
}
