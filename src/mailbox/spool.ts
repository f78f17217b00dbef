import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { makeFolders, syncFolder } from '../database/embedded-files.ts'
import { BodyHash } from './body-hash.ts'
import { HEADER_BYTES } from './header.ts'
import { MailError, MailTooLargeError } from './mail.ts'

/** So much of a message lies with its row in the database; a larger one in a file. */
const IN_ROW_BYTES = 256 * 1024

/** A message of more bytes is not taken. */
export const MAIL_BYTES = 80 * 1024 * 1024

/** A raw message that was received whole, and is not committed yet. */
export interface Spooled {
  /** Its first bytes, among them the header. */
  head: Buffer
  /** All of it where it is small enough for its row; else null, and there is a file. */
  body: Buffer | null
  sizeBytes: number
  /** In hexadecimal digits. */
  bodyHash: string
}

interface Place {
  /** The folder of mails, which is made where it is missing. */
  folder: string
  /** Of the message. */
  id: string
}

const unfinished = ({ folder, id }: Place): string => path.join(folder, `${id}.unfinished`)

/** The file of a large message in the folder of mails. */
export const mailFileName = (id: string): string => `${id}.eml`

/**
 * Takes a raw message in as it comes, never more of it in memory than fits into a row: the rest goes to a file, which
 * is on the disk when this returns. Where it throws, no file is left.
 *
 * @throws MailError where it is empty, {@link MailTooLargeError} where it is too large; an error of the file system;
 * whatever the chunks throw
 */
export async function spool(chunks: AsyncIterable<Uint8Array>, place: Place): Promise<Spooled> {
  const hash = new BodyHash()
  const first: Uint8Array[] = []
  let sizeBytes = 0
  let file: FileHandle | null = null
  try {
    for await (const chunk of chunks) {
      sizeBytes += chunk.byteLength
      if (sizeBytes > MAIL_BYTES) throw tooLarge(headOf(first))
      hash.update(chunk)
      if (file === null) {
        first.push(chunk)
        if (sizeBytes <= IN_ROW_BYTES) continue
        file = await create(place)
        for (const early of first) await file.writeFile(early)
      } else await file.writeFile(chunk)
    }
    await file?.sync()
    await file?.close()
  } catch (error) {
    await file?.close().catch(() => undefined)
    await discard(place)
    throw error
  }
  if (sizeBytes === 0) throw new MailError('The message is empty.')
  return {
    head: headOf(first),
    body: file === null ? Buffer.concat(first) : null,
    sizeBytes,
    bodyHash: hash.digest(),
  }
}

const headOf = (first: readonly Uint8Array[]): Buffer => Buffer.concat(first).subarray(0, HEADER_BYTES)

const tooLarge = (head: Buffer): MailTooLargeError =>
  new MailTooLargeError(`The message is larger than ${MAIL_BYTES / 1024 ** 2} MiB.`, head)

async function create(place: Place): Promise<FileHandle> {
  const made = await makeFolders(place.folder, 0o700)
  for (const newFolder of made) await syncFolder(path.dirname(newFolder))
  return open(unfinished(place), 'wx', 0o600)
}

/** Gives a spooled file its name, for good. To be done before its row is committed. */
export async function finish(place: Place): Promise<void> {
  await rename(unfinished(place), path.join(place.folder, mailFileName(place.id)))
  await syncFolder(place.folder)
}

/** Removes what is there of a message that is not committed. */
export async function discard(place: Place): Promise<void> {
  await rm(unfinished(place), { force: true })
  await rm(path.join(place.folder, mailFileName(place.id)), { force: true })
}
