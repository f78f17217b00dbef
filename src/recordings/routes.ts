import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Database } from '../database/database.ts'
import { sendRefusal } from '../http/errors.ts'
import { sightIn } from '../http/guard.ts'
import { refusal } from '../http/refusal.ts'
import { uuid } from '../http/schemas.ts'
import { AUDIO, sendAudio } from './hear.ts'
import { type CallWithRecordings, type HeardRecording, recordingsOf } from './store.ts'

export interface RecordingRoutesOptions {
  database: Database
  /** The folder of recordings, absolute. */
  recordingsDir: string
}

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
      const call = await recordingsOf(database, request.params.id, sightIn(request))
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
      const call = await recordingsOf(database, request.params.id, sightIn(request))
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
    return sendAudio(request, reply, { ...call, recording }, recordingsDir)
  }
}

const isExpected = ({ status }: HeardRecording): boolean => status === 'expected'
