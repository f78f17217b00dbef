import { afterAll, beforeAll, it } from 'vitest'
import { type MailServer, type MailServerOptions, message, startMailServer } from './mail-server.ts'
import { testFaults } from './mailbox/cases.ts'
import { createStages, type Stages, until, untilTold } from './mailbox/stage.ts'

/* R21, on a mail server in this process. */

let stages: Stages<MailServer, MailServerOptions>

beforeAll(async () => {
  stages = await createStages(startMailServer)
})

afterAll(() => stages.close())

testFaults(() => stages, 50)

it('a server that says good-bye is found again', () =>
  stages.on(async ({ server, read }) => {
    const reader = read()
    await untilTold(reader, 'reading INBOX')
    server.sayBye()
    await untilTold(reader, 'is tried again')
    server.deliver(message('after'))
    await until(() => reader.received.length === 1)
  }))
