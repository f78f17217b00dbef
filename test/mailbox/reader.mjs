/** A server's mailbox reader in a process of its own, so that it can be killed. What it receives goes to the inbox. */
import { createHash, randomUUID } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { pathToFileURL } from 'node:url'

const { built, connection, mailbox, certificate, times, isKilledAfterCommit } = JSON.parse(process.env.READER)
const load = (file) => import(pathToFileURL(`${built}/dist/${file}`).href)
const { openDatabase } = await load('database/database.js')
const { readMailbox } = await load('mailbox/reader.js')
const { createMetrics } = await load('metrics.js')

const database = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })

async function receive(raw) {
  const parts = []
  for await (const part of raw) parts.push(part)
  const body = Buffer.concat(parts)
  const key = `mail::${createHash('sha256').update(body).digest('hex')}`
  await database.general.query(
    `insert into inbox (id, door, natural_key, received_at, body, event, due_at)
     values ($1, 'mail', $2, now(), $3, 'none', now()) on conflict (natural_key) where natural_key is not null do nothing`,
    [randomUUID(), key, body],
  )
  if (isKilledAfterCommit) process.kill(process.pid, 'SIGKILL')
}

const tell = (fields, message) => process.stderr.write(`${message} ${fields.reason ?? fields.err ?? ''}\n`)
await readMailbox({
  mailbox: { ...mailbox, trust: createSecureContext({ ca: certificate }) },
  receive,
  database,
  log: { info: () => undefined, warn: tell, error: tell },
  metrics: createMetrics(),
  signal: new AbortController().signal,
  times,
})
