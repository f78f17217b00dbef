/** Why the embedded database cannot be used, as sentences for a person that end with what to do about it. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError'
}

export const OTHER_DATABASE = 'set DATABASE_URL to a PostgreSQL 15 or newer'

/**
 * Gives the error that a person should see for whatever went wrong with the data folder: our own sentences as they
 * are, an error of the system (disk full, no permission) with what to do about it. A bug stays what it is.
 */
export function asEmbeddedDatabaseError(error: unknown, dataDir: string): unknown {
  const isOfTheSystem = error instanceof Error && 'syscall' in error
  if (!isOfTheSystem) return error
  return startFailure(dataDir, error.message, error)
}

/** Gives the error for a failed start: where, the last words of what failed, and what to do. */
export function startFailure(dataDir: string, lastWords: string, cause?: unknown): EmbeddedDatabaseError {
  const words = lastWords.trim() || 'it said nothing'
  return new EmbeddedDatabaseError(
    `PostgreSQL could not be started with the data folder ${dataDir}: ${words}\n${adviceFor(words)}`,
    { cause },
  )
}

function adviceFor(words: string): string {
  if (/ENOSPC|EDQUOT|no space left|quota exceeded/i.test(words)) return 'Free some space on that disk and start again.'
  if (/EACCES|EPERM|EROFS|permission denied|not permitted|read-only/i.test(words))
    return `Give the account that runs First Call the right to write there, set DATA_DIR to another folder, or ${OTHER_DATABASE}.`
  if (/shared memory|semaphore|cannot allocate memory/i.test(words))
    return `Give it more memory, lower shared_buffers in postgresql.conf of that folder, or ${OTHER_DATABASE}.`
  return `Mend what the lines above name, or ${OTHER_DATABASE}.`
}
