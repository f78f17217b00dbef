import type { Readable } from 'node:stream'
import { send } from '@fastify/send'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Database } from '../database/database.ts'
import { sendRefusal } from '../http/errors.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import { noQuery, uuid } from '../http/schemas.ts'
import type { Instant } from '../time.ts'
import { isKnownToClient, rangeOf } from './conditions.ts'
import { type CallWithRecordings, type HeardRecording, recordingsOf } from './store.ts'

export interface RecordingRoutesOptions {
  database: Database
  /** The folder of recordings, absolute. */
  recordingsDir: string
}

/** Somebody who takes nothing for so long is cut off; a player asks for the rest by a range. */
const STALLED_MS = 30_000

/** The recordings below `/api/crm/calls/:id` */
export const recordingRoutes: FastifyPluginAsyncZod<RecordingRoutesOptions> = async (
  app,
  { database, recordingsDir },
) => {
  const tags = ['calls']
  const params = z.object({ id: uuid })

  app.get(
    '/calls/:id/recording',
    { schema: { ...AUDIO, tags, summary: 'Gives the first recording of a call that is there', params } },
    async (request, reply) => {
      const call = await recordingsOf(database, request.params.id)
      const recordings = call?.recordings ?? []
      const first = recordings.find(({ file }) => file !== null)
      return answer(request, reply, call, first ?? recordings.find(isExpected) ?? recordings[0])
    },
  )

  app.get(
    '/calls/:id/recordings/:recording_id',
    {
      schema: { ...AUDIO, tags, summary: 'Gives a recording of a call', params: params.extend({ recording_id: uuid }) },
    },
    async (request, reply) => {
      const call = await recordingsOf(database, request.params.id)
      const one = call?.recordings.find(({ id }) => id === request.params.recording_id)
      return answer(request, reply, call, one)
    },
  )

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    call: CallWithRecordings | null,
    recording: HeardRecording | undefined,
  ): Promise<FastifyReply> {
    if (call === null) return sendRefusal(reply, refusal('not_found', 'There is no call with this id.'))
    if (recording === undefined) return sendRefusal(reply, refusal('not_found', 'The call has no such recording.'))
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
    const { type, statusCode, headers, stream } = await sendFile(
      request,
      rangeOf(request.headers, etag, sizeBytes),
      name,
    )
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
      .header('content-disposition', `inline; filename="${fileNameFor(call.startedAt, call.phoneNumber, extension)}"`)
      .send(stream)
  }

  /** The conditions were looked at before: of those, the library knows only tags that it makes itself. */
  function sendFile({ method }: FastifyRequest, range: string | null, name: string) {
    const asked = { method, headers: range === null ? {} : { range } }
    const options = { root: recordingsDir, etag: false, lastModified: false, cacheControl: false, contentType: false }
    return send(asked as unknown as Readable, name, options)
  }
}

const isExpected = ({ status }: HeardRecording): boolean => status === 'expected'

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

const AUDIO = {
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
