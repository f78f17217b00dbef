import type { Readable } from 'node:stream'
import { send } from '@fastify/send'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Recording } from '../calls/call.ts'
import { sendRefusal } from '../http/errors.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import { noQuery } from '../http/schemas.ts'
import type { Instant } from '../time.ts'
import { isKnownToClient, rangeOf } from './conditions.ts'
import type { HeardRecording } from './store.ts'

/** Somebody who takes nothing for so long is cut off; a player asks for the rest by a range. */
const STALLED_MS = 30_000

/** A recording that somebody wants to hear, and what its file is to be called after. */
export interface Heard {
  recording: HeardRecording
  startedAt: Instant
  phoneNumber: string | null
}

/**
 * Answers with the audio of a recording, whole or in part, as the request asks for it.
 *
 * @param folder that of recordings, absolute
 */
export async function sendAudio(
  request: FastifyRequest,
  reply: FastifyReply,
  { recording, startedAt, phoneNumber }: Heard,
  folder: string,
): Promise<FastifyReply> {
  if (recording.file === null) return sendRefusal(reply, notThere(recording))
  const { name, contentType, sizeBytes, sha256 } = recording.file
  const etag = `"${sha256.toString('hex')}"`
  void reply.headers({
    etag,
    'cache-control': 'private, no-cache',
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
  })
  if (isKnownToClient(request.headers, etag)) return reply.code(304).send()
  const range = rangeOf(request.headers, etag, sizeBytes)
  const { type, statusCode, headers, stream } = await sendFile(request, range, name, folder)
  if (type !== 'file') {
    stream.destroy()
    if (statusCode === 416) {
      void reply.header('content-range', `bytes */${sizeBytes}`)
      return sendRefusal(reply, refusal('range_not_satisfiable', `The recording has ${sizeBytes} bytes.`))
    }
    request.log.error({ recordingId: recording.id, statusCode }, 'the file of a recording cannot be read')
    return sendRefusal(reply, refusal('not_found', 'The recording was fetched, but its file is gone.'))
  }
  reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy())
  const extension = name.split('.').at(-1) ?? ''
  return reply
    .code(statusCode)
    .headers(headers)
    .header('content-type', contentType)
    .header('content-disposition', `inline; filename="${fileNameFor(startedAt, phoneNumber, extension)}"`)
    .send(stream)
}

/** A recording as it is heard. */
export function heard({ id, status, file_name, content_type, size_bytes, sha256 }: Recording): HeardRecording {
  const isThere = file_name !== null && content_type !== null && size_bytes !== null && sha256 !== null
  const file = isThere
    ? { name: file_name, contentType: content_type, sizeBytes: size_bytes, sha256: Buffer.from(sha256, 'hex') }
    : null
  return { id, status, file }
}

/** The conditions were looked at before: of those, the library knows only tags that it makes itself. */
function sendFile({ method }: FastifyRequest, range: string | null, name: string, root: string) {
  const asked = { method, headers: range === null ? {} : { range } }
  const options = { root, etag: false, lastModified: false, cacheControl: false, contentType: false }
  return send(asked as unknown as Readable, name, options)
}

function notThere({ status }: HeardRecording): Refusal {
  const detail = status === 'missing' ? 'is missing: it could not be had' : 'is expected, and not there yet'
  return refusal('not_found', `The recording ${detail}.`)
}

/** A name that every system takes: `2025-01-29T10-00-00Z_+34612345678.mp3`. */
function fileNameFor(startedAt: Instant, phoneNumber: string | null, extension: string): string {
  const time = `${new Date(startedAt).toISOString().slice(0, 19).replaceAll(':', '-')}Z`
  const number = (phoneNumber ?? '').replace(/[^A-Za-z0-9+]/g, '').slice(0, 40)
  return `${[time, number].filter((part) => part !== '').join('_')}.${extension}`
}

const audio = { content: { 'audio/*': { schema: z.string().meta({ format: 'binary' }) } } }

/** What the description says of every route that answers with audio. */
export const AUDIO = {
  querystring: noQuery,
  response: { 200: audio, 206: audio, 304: z.null() },
  told: {
    answers: {
      200: 'Its audio, as mp3, wav or ogg, with an ETag for If-None-Match and If-Range.',
      206: 'The range of bytes that Range asks for.',
      304: 'If-None-Match names it: there is nothing new.',
    },
    refuses: ['range_not_satisfiable'],
  },
} as const
