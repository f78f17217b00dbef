import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Database } from '../database/database.ts'
import { writeCursor } from '../http/cursor.ts'
import { A_PAGE } from '../http/description.ts'
import { listOf } from '../http/schemas.ts'
import { contradictionsOf, type FoundContradiction } from './contradictions.ts'
import { coverageOf } from './coverage.ts'
import { contradictionResponse, contradictionsQuery, coverageQuery, coverageResponse } from './schema.ts'

/** `/api/crm/coverage` */
export const coverageRoutes: FastifyPluginAsyncZod<{ database: Database }> = async (app, { database }) => {
  const tags = ['coverage']
  const inTurn = oneAfterTheOther()

  app.get(
    '/coverage',
    {
      schema: {
        tags,
        summary: 'Counts what became of the calls of a period',
        description: ABOUT_COVERAGE,
        querystring: coverageQuery,
        response: { 200: coverageResponse },
        told: { answers: { 200: 'The figures.' } },
      },
    },
    (request) => inTurn(() => coverageOf(database, request.query)),
  )

  app.get(
    '/coverage/contradictions',
    {
      schema: {
        tags,
        summary: 'Lists where calls and attempts contradict each other, oldest first',
        description: ABOUT_CONTRADICTIONS,
        querystring: contradictionsQuery,
        response: { 200: listOf(contradictionResponse) },
        told: { answers: { 200: A_PAGE } },
      },
    },
    (request) =>
      inTurn(async () => {
        const { limit, cursor = null, ...period } = request.query
        const page: FoundContradiction[] = []
        for await (const one of contradictionsOf(database, period, cursor)) {
          page.push(one)
          if (page.length > limit) break
        }
        const last = page[limit - 1]
        return {
          data: page.slice(0, limit).map(({ position: _, ...contradiction }) => contradiction),
          next_cursor: page.length > limit && last !== undefined ? writeCursor(last.position) : null,
        }
      }),
  )
}

/** Whoever counts has one connection of the chores, and leaves them the other. */
function oneAfterTheOther() {
  let last: Promise<unknown> = Promise.resolve()
  return <Result>(count: () => Promise<Result>): Promise<Result> => {
    const counted = last.then(count)
    last = counted.catch(() => undefined)
    return counted
  }
}

const ABOUT_COVERAGE = `Of calls that took place (\`started_at\`, else \`created_at\`) from \`from\`, inclusive, to \`to\`,
exclusive; of all where they are left out. \`eligible\`: outbound calls to contacts. \`registered\`, each reason in
\`turned_away\`, and \`pending\` are the calls that \`GET /api/crm/calls\` lists with this \`outcome\` and the same times as
\`started_from\` and \`started_to\`. \`contradictions\` are listed by \`/api/crm/coverage/contradictions\`. \`share\` is
registered / (registered + pending + contradictions), and 1 where all are 0.`

const ABOUT_CONTRADICTIONS = `Calls and attempts that do not say the same, each with a sentence. One of a call lies in the
period in which the call took place; one of an attempt that is not its call's own, or of an opportunity, in that of the
opportunity's latest attempt. \`first-call repair\` mends what the calls tell.`
