import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { CERTIFICATE_FILE, KEY_FILE, type MailServerOptions, PASSWORD } from '../mail-server.ts'
import type { AnyMailServer, StoredMessage } from './stage.ts'

/** Debian's mail server as a process of these tests, with a folder and an account of its own. */
export interface Dovecot {
  /** The same server for everybody: each user has a mailbox. */
  serverOf(user: string, options?: MailServerOptions): Promise<AnyMailServer>
  stop(): Promise<void>
}

/** As root it is run as somebody who is nobody: it then needs no accounts of its own, and asks for none. */
const IS_ROOT = process.getuid?.() === 0
const NOBODY = { uid: 65_534, gid: 65_534 }

/**
 * Starts it on loopback.
 *
 * @param program where it is
 */
export async function startDovecot(program: string): Promise<Dovecot> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'first-call-dovecot-'))
  const own = async (file: string): Promise<void> => {
    if (IS_ROOT) await chown(file, NOBODY.uid, NOBODY.gid)
  }
  const makeFolder = async (name: string): Promise<void> => {
    await mkdir(path.join(home, name))
    await own(path.join(home, name))
  }
  await own(home)
  await chmod(home, 0o755)
  for (const name of ['run', 'state', 'mail', 'users']) await makeFolder(name)
  for (const file of [CERTIFICATE_FILE, KEY_FILE]) {
    const copy = path.join(home, path.basename(file))
    await writeFile(copy, await readFile(file))
    await own(copy)
  }
  const ports = { imaps: await freePort(), imap: await freePort() }
  await writeFile(path.join(home, 'dovecot.conf'), configuration(home, ports))

  // A file for each: it looks at one only once a second whether it has changed.
  const setPassword = async (user: string, password: string): Promise<void> => {
    const file = path.join(home, 'users', user)
    // Under its name there is always a whole one.
    await writeFile(`${file}.new`, `${user}:{PLAIN}${password}:::::\n`)
    await own(`${file}.new`)
    await rename(`${file}.new`, file)
  }

  const server = spawn(program, ['-F', '-c', path.join(home, 'dovecot.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    ...(IS_ROOT ? NOBODY : {}),
  })
  const ended = once(server, 'exit')
  await untilListening(ports.imaps, () => server.exitCode !== null)

  return {
    serverOf: async (user, { tls = 'at once' } = {}) => {
      await setPassword(user, PASSWORD)
      const inbox = path.join(home, 'mail', user)
      for (const name of ['', 'tmp', 'new', 'cur']) await makeFolder(path.join('mail', user, name))
      let delivered = 0
      return {
        port: tls === 'at once' ? ports.imaps : ports.imap,
        deliver: async (raw) => {
          const name = `${1_000_000_000 + ++delivered}.first-call`
          await writeFile(path.join(inbox, 'tmp', name), raw, 'latin1')
          await own(path.join(inbox, 'tmp', name))
          await rename(path.join(inbox, 'tmp', name), path.join(inbox, 'new', name))
        },
        messages: (folder) => messagesIn(folder === undefined ? inbox : path.join(inbox, `.${folder}`)),
        recount: async () => {
          // Where they are gone, it counts anew, and gives the counting a name that it has not given yet.
          const files = (await readdir(inbox)).filter((name) => /^dovecot[.-](uidlist|index)/.test(name))
          for (const file of files) await rm(path.join(inbox, file))
        },
        setPassword: (password) => setPassword(user, password),
        close: async () => undefined,
      }
    },
    stop: async () => {
      server.kill('SIGTERM')
      await ended
      if (process.env.TEST_LOG) process.stderr.write(await readFile(path.join(home, 'log'), 'utf8'))
      await rm(home, { recursive: true, force: true })
    },
  }
}

function configuration(home: string, ports: { imaps: number; imap: number }): string {
  const username = IS_ROOT ? 'nobody' : os.userInfo().username
  const groupname = IS_ROOT ? 'nogroup' : execFileSync('id', ['-gn']).toString().trim()
  return `
protocols = imap
listen = 127.0.0.1
base_dir = ${home}/run
state_dir = ${home}/state
log_path = ${home}/log
default_internal_user = ${username}
default_internal_group = ${groupname}
default_login_user = ${username}
first_valid_uid = 1
ssl = required
ssl_cert = <${home}/${path.basename(CERTIFICATE_FILE)}
ssl_key = <${home}/${path.basename(KEY_FILE)}
disable_plaintext_auth = yes
auth_mechanisms = plain
auth_failure_delay = 0
mail_location = maildir:${home}/mail/%u
mail_max_userip_connections = 0
maildir_stat_dirs = yes
service imap-login {
  chroot =
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = ${ports.imaps}
    ssl = yes
  }
}
service anvil {
  chroot =
  # Who has failed once is not to wait.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = passwd-file
  args = ${home}/users/%u
}
userdb {
  driver = static
  args = home=${home}/mail/%u allow_all_users=yes
}
`
}

/** A Maildir: what is in `new` was never looked at, in `cur` each file's name ends in its flags. */
async function messagesIn(folder: string): Promise<StoredMessage[]> {
  const files: { name: string; file: string }[] = []
  for (const part of ['new', 'cur']) {
    const names = await readdir(path.join(folder, part))
    for (const name of names) files.push({ name, file: path.join(folder, part, name) })
  }
  files.sort((one, other) => (one.name < other.name ? -1 : 1))
  return Promise.all(
    files.map(async ({ name, file }) => ({
      flags: name.includes(':2,') && name.split(':2,')[1]?.includes('S') ? ['\\Seen'] : [],
      raw: await readFile(file, 'latin1'),
    })),
  )
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('there is no port')
  return address.port
}

async function untilListening(port: number, hasEnded: () => boolean): Promise<void> {
  for (;;) {
    if (hasEnded()) throw new Error('Dovecot does not start')
    const socket = net.connect(port, '127.0.0.1')
    const isThere = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).then(
      () => !socket.connecting && socket.errored === null,
      () => false,
    )
    socket.destroy()
    if (isThere) return
    await wait(20)
  }
}
