import { createReadStream } from 'node:fs'
import path from 'node:path'
import { hasCode } from '../database/embedded-files.ts'
import type { Message } from '../inbox/message.ts'
import type { MailFolders } from './files.ts'
import { MailError } from './mail.ts'
import type { ParserThread } from './parser.ts'

/**
 * All that a stored mail says, for whoever looks for somebody in it: its subject and text, plain and HTML; of one that
 * cannot be read, its bytes as they are.
 *
 * @throws MailTroubleError where it cannot be read at the moment
 */
export async function textOfMail(
  { body, fileName = null }: Message,
  parser: Pick<ParserThread, 'read'>,
  folders: MailFolders,
): Promise<string> {
  const raw = fileName === null ? body : path.join(folders.mails, fileName)
  try {
    const { mail } = await parser.read({ raw, place: null })
    return `${mail.subject ?? ''}\n${mail.text}`
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    return typeof raw === 'string' ? bytesOf(raw) : raw.toString('latin1')
  }
}

/** The beginning, in which text stands before what is attached. */
const LOOKED_AT_BYTES = 1024 * 1024

async function bytesOf(file: string): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of createReadStream(file, { end: LOOKED_AT_BYTES })) chunks.push(chunk as Buffer)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
  return Buffer.concat(chunks).toString('latin1')
}
