import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { EmbeddedDatabaseError, OTHER_DATABASE } from './embedded-error.ts'

/** An account of the system that is not ours; only root can run something as another. */
export interface Account {
  name: string
  uid: number
  gid: number
}

/** Tells whether this process is root, as whom PostgreSQL refuses to run. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/**
 * Gives the account that runs PostgreSQL for root: `postgres` if there is one, else `nobody`.
 * @throws EmbeddedDatabaseError where there is neither
 */
export async function accountInsteadOfRoot(): Promise<Account> {
  const accounts = await readAccounts()
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.find((candidate) => candidate.name === name)
    if (account && account.uid !== 0) return account
  }
  throw new EmbeddedDatabaseError(
    'PostgreSQL does not run as root, and there is neither an account "postgres" nor "nobody" to run it. ' +
      `Start First Call as another account, or ${OTHER_DATABASE}.`,
  )
}

/** Gives the account that owns a file, by its name if it has one. */
export async function accountOf(owner: { uid: number; gid: number }): Promise<Account> {
  const account = (await readAccounts()).find((candidate) => candidate.uid === owner.uid)
  return { name: account?.name ?? `number ${owner.uid}`, uid: owner.uid, gid: owner.gid }
}

async function readAccounts(): Promise<Account[]> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n')
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    // macOS writes "nobody" as -2, and a file's owner as 4294967294.
    return name && uid && gid ? [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }] : []
  })
}

/**
 * Gives the options for a process of PostgreSQL: as this account (`undefined`: ours), in a folder that everybody can
 * reach, and with a bare environment, since PGPORT, PGDATA, LC_ALL or TZ of ours would change what it does.
 */
export function processOptions(account: Account | undefined) {
  return {
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    // Node takes these as signed numbers.
    ...(account && { uid: account.uid | 0, gid: account.gid | 0 }),
  }
}

/** Runs a program to its end as an account (`undefined`: ours) and gives what it printed, or why it did not run. */
export function runAs(
  account: Account | undefined,
  program: string,
  args: string[],
): Promise<{ succeeded: boolean; output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, processOptions(account), (error, stdout, stderr) =>
      resolve({ succeeded: error === null, output: `${stdout}${stderr}`.trim() || (error?.message ?? '') }),
    )
  })
}

/** Tells whether an account can enter a folder, by entering it: the mode bits do not show access lists and the like. */
export async function canReach(account: Account | undefined, folder: string): Promise<boolean> {
  return (await runAs(account, '/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder])).succeeded
}
