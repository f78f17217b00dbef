import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { makeFolders, syncFolder } from '../database/embedded-files.ts'
import type { Instant } from '../time.ts'
import { type AudioType, audioTypeOf, HEAD_BYTES } from './audio.ts'
import { RecordingError } from './error.ts'

/** A recording's file as it was stored. */
export interface KeptAudio {
  /** In the folder of recordings. */
  fileName: string
  contentType: AudioType['contentType']
  sizeBytes: number
  sha256: Buffer
}

interface Place {
  /** The folder of recordings. */
  folder: string
  /** Of the recording. */
  id: string
  createdAt: Instant
  /** The number of the try: what the one before it may have left is removed. */
  tries: number
}

/**
 * Stores a recording as `<year>-<month>/<id>.<extension>`: after a kill or a power cut there is the whole file or none
 * of that name, which the next try replaces.
 *
 * @throws RecordingError where it is no audio; whatever the chunks throw; an error of the file system
 */
export async function keepAudio(chunks: AsyncIterable<Uint8Array>, place: Place): Promise<KeptAudio> {
  const { folder, id, createdAt, tries } = place
  const month = new Date(createdAt).toISOString().slice(0, 7)
  const inside = path.join(folder, month)
  const made = await makeFolders(inside, 0o700)
  const unfinished = (number: number): string => path.join(inside, `${id}.${number}.unfinished`)
  await rm(unfinished(tries - 1), { force: true })
  try {
    const { type, ...written } = await write(chunks, unfinished(tries))
    const fileName = `${month}/${id}.${type.extension}`
    await rename(unfinished(tries), path.join(folder, fileName))
    await syncFolder(inside)
    for (const newFolder of made) await syncFolder(path.dirname(newFolder))
    return { ...written, fileName, contentType: type.contentType }
  } catch (error) {
    await rm(unfinished(tries), { force: true })
    throw error
  }
}

/** Writes a new file, down to the disk. */
async function write(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
): Promise<{ type: AudioType; sizeBytes: number; sha256: Buffer }> {
  const hash = createHash('sha256')
  let head = Buffer.alloc(0)
  let type: AudioType | null = null
  let sizeBytes = 0
  const handle = await open(file, 'w', 0o600)
  try {
    for await (const chunk of chunks) {
      sizeBytes += chunk.byteLength
      if (type === null) {
        head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)])
        type = audioTypeOf(head)
        if (type === null && head.length === HEAD_BYTES) throw noAudio()
      }
      hash.update(chunk)
      await handle.writeFile(chunk)
    }
    if (type === null) throw noAudio()
    await handle.sync()
    return { type, sizeBytes, sha256: hash.digest() }
  } finally {
    await handle.close()
  }
}

const noAudio = (): RecordingError =>
  new RecordingError('What came is no audio: its first bytes are not those of an mp3, wav or ogg file.')
