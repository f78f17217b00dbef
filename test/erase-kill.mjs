// Erases a contact as the service does, and dies where the environment says. Only for tests of what is left then.

import path from 'node:path'
import { pathToFileURL } from 'node:url'

const { BUILT, DATABASE_URL, FOLDER, CONTACT, STEP, STATEMENT } = process.env
const from = (name) => import(pathToFileURL(path.join(BUILT, 'dist', name)).href)
const { openDatabase } = await from('database/database.js')
const { eraseContact } = await from('erasure/erase.js')
const { ParserThread } = await from('mailbox/parser.js')
const { textOfMail } = await from('mailbox/text-of-mail.js')
const { loadWording } = await from('mailbox/wording.js')

const die = async () => {
  process.kill(process.pid, 'SIGKILL')
  // Longer than it takes to die.
  await new Promise((resolve) => setTimeout(resolve, 60_000))
}

const nothing = () => undefined
const database = openDatabase({
  connection: { connectionString: DATABASE_URL },
  hasPooler: false,
  onIdleError: nothing,
})
const folders = { mails: path.join(FOLDER, 'mails'), recordings: path.join(FOLDER, 'recordings') }
const parser = new ParserThread({ zone: 'Europe/Madrid', country: 'ES', ownNumbers: [], wording: loadWording(null) })
let statements = 0
// As the pool gives them out: whatever is asked is counted.
database.general.on('connect', (client) => {
  const { query } = client
  client.query = async function counted(...args) {
    statements++
    if (String(statements) === STATEMENT) await die()
    return Reflect.apply(query, client, args)
  }
})
await eraseContact(CONTACT, { who: 'bootstrap', requestId: null }, () => true, {
  database: { query: database.query },
  mails: { folders, textOf: (message) => textOfMail(message, parser, folders) },
  onStep: async (name) => {
    if (name === STEP) await die()
  },
})
process.stdout.write(`alive after ${statements} statements\n`)
process.exit(0)
