// Takes in a mail as the service does, and dies at a step that the environment names. Only for tests of what is left then.

import { createReadStream } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const { BUILT, DATABASE_URL, FOLDER, FILE, STEP } = process.env
const from = (name) => import(pathToFileURL(path.join(BUILT, 'dist', name)).href)
const { openDatabase } = await from('database/database.js')
const { runOn } = await from('attempts/read.js')
const { Register } = await from('attempts/register.js')
const { createMetrics } = await from('metrics.js')
const { openDoors } = await from('inbox/doors.js')
const { loadWording } = await from('mailbox/wording.js')
const { receiveMail } = await from('mailbox/receive.js')
const { readConfig } = await from('config.js')

const die = () => process.kill(process.pid, 'SIGKILL')
/** Longer than it takes to die. */
const never = () => new Promise((resolve) => setTimeout(resolve, 60_000))

const nothing = () => undefined
const database = openDatabase({
  connection: { connectionString: DATABASE_URL },
  hasPooler: false,
  onIdleError: nothing,
})
const run = runOn(database.calls, false)
const register = new Register(
  async (name, text, values) => {
    if (STEP === 'before the change is written' && name.startsWith('write')) {
      die()
      await never()
    }
    const rows = await run(name, text, values)
    if (STEP === 'after the change is written' && name.startsWith('write')) {
      die()
      await never()
    }
    return rows
  },
  { onBatch: nothing, onRetry: nothing, onNotRegistered: nothing },
)
const { mails } = openDoors({
  config: readConfig({}, FOLDER),
  folders: { mails: path.join(FOLDER, 'mails'), recordings: path.join(FOLDER, 'recordings') },
  wording: await loadWording(null),
  database: STEP === 'before the commit' ? dyingAtQueries(database) : database,
  register,
  metrics: createMetrics(),
  log: { warn: nothing },
})
const { readMessage } = mails.inbox
mails.inbox.readMessage = async (message) => {
  if (STEP === 'after the commit') {
    die()
    await never()
  }
  const change = await readMessage(message)
  if (STEP === 'after the audio is written') {
    die()
    await never()
  }
  return change
}

async function* whileItComes() {
  for await (const chunk of createReadStream(FILE)) {
    yield chunk
    if (STEP === 'while it comes' && chunk.length < 64 * 1024) {
      die()
      await never()
    }
  }
}

await receiveMail(whileItComes(), 'push', mails)
process.stdout.write('alive\n')
process.exit(0)

/** The first statement is the commit of the mail. */
function dyingAtQueries(real) {
  const query = new Proxy(real.query, {
    get: (target, name) => {
      if (name !== 'getExecutor') return Reflect.get(target, name, target)
      die()
      throw new Error('dead')
    },
  })
  return { ...real, query }
}
