// What must not be: it answers, and stores the notification a second later. The control of the test of kills.
import http from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
pool.on('error', () => undefined)
const server = http.createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  response.end()
  await wait(1_000)
  await pool.query(
    `insert into inbox (id, door, received_at, body, event, due_at)
     values (gen_random_uuid(), 'zadarma', now(), $1, 'any', now())`,
    [Buffer.concat(chunks)],
  )
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`))
