import { afterAll, beforeAll } from 'vitest'
import type { MailServerOptions } from './mail-server.ts'
import { testFaults, testReading } from './mailbox/cases.ts'
import { type Dovecot, startDovecot } from './mailbox/dovecot.ts'
import { type AnyMailServer, createStages, type Stages } from './mailbox/stage.ts'

/* The reader and R21 on a mail server that many of its users will have: Dovecot, as `DOVECOT` names it. */

let dovecot: Dovecot
let stages: Stages<AnyMailServer, MailServerOptions>

beforeAll(async () => {
  dovecot = await startDovecot(process.env.DOVECOT ?? 'dovecot')
  stages = await createStages(dovecot.serverOf)
})

afterAll(async () => {
  await stages?.close()
  await dovecot?.stop()
})

testReading(() => stages)
testFaults(() => stages, 50)
