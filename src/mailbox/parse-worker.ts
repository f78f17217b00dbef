import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { parentPort, workerData } from 'node:worker_threads'
import { HEADER_BYTES } from './header.ts'
import { MailError } from './mail.ts'
import { type AudioPlace, parseMail } from './parse.ts'
import { type MailAnswer, type MailQuestion, READY } from './parser.ts'
import { type ReadMailSettings, readRecordingMail } from './recording-mail.ts'
import { isOfSystem } from './system-fault.ts'

/* What runs in the worker thread: one message at a time, from its raw bytes to what it tells. */

const settings = workerData as ReadMailSettings

parentPort?.on('message', (question: MailQuestion) => {
  void answer(question).then((answered) => parentPort?.postMessage(answered))
})
parentPort?.postMessage(READY)

async function answer({ raw, place }: MailQuestion): Promise<MailAnswer> {
  try {
    const mail = await (typeof raw === 'string' ? parseFile(raw, place) : parseBytes(Buffer.from(raw), place))
    return { read: { mail, facts: readRecordingMail(mail, settings) } }
  } catch (error) {
    const { message } = error as Error
    // What is read from a disk that fails, or written to a full one, is not the message's fault.
    return error instanceof MailError || !isOfSystem(error) ? { fault: message } : { trouble: message }
  }
}

const parseBytes = (raw: Buffer, place: AudioPlace | null) =>
  parseMail(Readable.from([raw]), raw.subarray(0, HEADER_BYTES), place)

async function parseFile(file: string, place: AudioPlace | null) {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new MailError('The file of the message is gone.') : error
  })
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    return await parseMail(createReadStream(file), buffer.subarray(0, bytesRead), place)
  } finally {
    await handle.close()
  }
}
