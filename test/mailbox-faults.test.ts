import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
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
    await until(() => server.answered.includes('UID SEARCH'))
    await pause(100)
    server.sayBye()
    await untilTold(reader, 'is tried again')
    // While it idles nothing is asked, and its last words are lost.
    const reason = reader.lines.find(({ level }) => level === 'warn')?.reason
    expect(reason).toMatch(/^127\.0\.0\.1 (broke the connection off|ended the connection: .+)\.$/)
    server.deliver(message('after'))
    await until(() => reader.received.length === 1)
  }))
