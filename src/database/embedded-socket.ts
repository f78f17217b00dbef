import { createHash } from 'node:crypto'
import { chown, lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Account } from './embedded-account.ts'
import { EmbeddedDatabaseError, OTHER_DATABASE } from './embedded-error.ts'
import { hasCode } from './embedded-files.ts'
import type { Place } from './embedded-place.ts'

/** Part of the socket's name; no TCP port is opened. */
export const PORT = 5432

/** Bytes that the system takes for a socket's path: macOS gives it 104, Linux 108, both with a zero at the end. */
const MOST_BYTES = process.platform === 'darwin' ? 103 : 107

/**
 * Gives the folder of the socket, which only its owner may enter: PostgreSQL's own data folder, or where that path is
 * too long a short one that every process finds by the data folder's path.
 * @throws EmbeddedDatabaseError where somebody else holds the short one
 */
export async function ensureSocketFolder({ folder, account }: Place): Promise<string> {
  if (Buffer.byteLength(join(folder, `.s.PGSQL.${PORT}`)) <= MOST_BYTES) return folder
  // Not os.tmpdir(): it depends on the environment, and two processes must find the same.
  const short = `/tmp/first-call-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`
  await makePrivate(short, account)
  return short
}

/** Whoever can write to /tmp may have been there first and would then receive our connections. */
async function makePrivate(path: string, account: Account | undefined): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
  const status = await lstat(path)
  const ourUid = process.geteuid?.()
  const isOurs = status.uid === ourUid || status.uid === account?.uid
  if (!status.isDirectory() || !isOurs || (status.mode & 0o077) !== 0)
    throw new EmbeddedDatabaseError(
      `PostgreSQL cannot have its socket in ${path}: that is not a folder of the account that runs it, closed to ` +
        `others. Remove it, set DATA_DIR to a shorter path, which needs no such folder, or ${OTHER_DATABASE}.`,
    )
  if (account && status.uid !== account.uid) await chown(path, account.uid, account.gid)
}
