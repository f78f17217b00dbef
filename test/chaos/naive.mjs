// What must not be: it answers before anything is stored, then reads, counts and inserts, by its own clock. The control of
// the tests of faults: under the same load the same checker has to find it out.
import { randomUUID } from 'node:crypto'
import http from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8 })
pool.on('error', () => undefined)

async function store(id, call, createdAt) {
  const { rows } = await pool.query(
    `select id, first_call_attempts as attempts, attempts_made as made, last_contact_attempt_at as last
     from lead_opportunities where contact_id = $1`,
    [call.entity_id],
  )
  const [found] = rows
  const isAttempt = found !== undefined && found.made < 5 && call.direction === 'outbound'
  const outcome = isAttempt ? 'registered' : found === undefined ? 'unknown_contact' : 'limit_reached'
  await pool.query(
    `insert into calls (id, extension, direction, entity_type, entity_id, call_status, outcome, opportunity_id, created_at)
     values ($1, $2, $3, 'contacts', $4, $5, $6, $7, $8)`,
    [id, call.extension, call.direction, call.entity_id, call.call_status, outcome, found?.id, createdAt],
  )
  if (!isAttempt) return
  const moment = new Date(Math.max(createdAt.getTime(), found.last?.getTime() ?? 0)).toISOString()
  const attempt = { status: 'orange', call_id: id, attempted_at: moment.replace('.000Z', 'Z'), notes: '' }
  await pool.query(
    `update lead_opportunities set first_call_attempts = $2, last_contact_attempt_at = $3, status = 'contacted',
       attempt_call_created_at = array_fill($4::timestamptz(3), array[$5::int]) where id = $1`,
    [found.id, { ...found.attempts, [found.made + 1]: attempt }, moment, createdAt, found.made + 1],
  )
}

const server = http.createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  if (request.method !== 'POST' || request.url !== '/api/crm/calls') return response.writeHead(404).end()
  const call = JSON.parse(Buffer.concat(chunks).toString())
  const id = call.id ?? randomUUID()
  response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ id, extension: call.extension }))
  await store(id, call, new Date()).catch(() => undefined)
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`))
