import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { CERTIFICATE, type MailServer, type MailServerOptions, message, startMailServer } from './mail-server.ts'
import { createStages, type Stage, type Stages, storeIn, TIMES, until } from './mailbox/stage.ts'

/* R6 for the reader: killed at each step, another start of it goes on, and nobody lifts a finger. */

let stages: Stages<MailServer, MailServerOptions>

beforeAll(async () => {
  stages = await createStages(startMailServer)
})

afterAll(() => stages.close())

/** A dead one is found out soon. */
const READER_TIMES = { ...TIMES, leaseMs: 500 }

type Act = Stage<MailServer>

function startProcess({ mailbox: { trust: _, ...mailbox } }: Act, isKilledAfterCommit = false): ChildProcess {
  const reader = {
    built: inject('built'),
    connection: stages.connection,
    mailbox,
    certificate: CERTIFICATE,
    times: READER_TIMES,
    isKilledAfterCommit,
  }
  return spawn(process.execPath, [path.join(import.meta.dirname, 'mailbox/reader.mjs')], {
    env: { PATH: process.env.PATH, READER: JSON.stringify(reader) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** Kills it as soon as the server has done this for it so many times, and before it can know. */
async function killedAfter(act: Act, command: string, times: number): Promise<void> {
  const reader = startProcess(act)
  const ended = once(reader, 'exit')
  let left = times
  act.server.onAnswer = (answered) => {
    if (answered !== command || --left !== 0) return
    act.proxy.stall()
    reader.kill('SIGKILL')
  }
  await ended
  act.proxy.forward()
  act.server.onAnswer = () => undefined
}

async function killedAfterCommit(act: Act): Promise<void> {
  await once(startProcess(act, true), 'exit')
}

/** What is stored, and what the mailbox shows. */
async function state({ server, cursor, database }: Act, raw: string) {
  const { rows } = await database.general.query('select from inbox where body = $1', [Buffer.from(raw, 'latin1')])
  return { stored: rows.length, seen: server.messages()[0]?.flags.length, lastUid: (await cursor())?.last_uid }
}

it.each([
  {
    step: 'before it fetches the message',
    kill: (act: Act) => killedAfter(act, 'UID SEARCH', 1),
    left: { stored: 0, seen: 0, lastUid: 0 },
  },
  {
    step: 'in the middle of the message',
    kill: (act: Act) => killedAfter(act, 'UID FETCH', 2),
    left: { stored: 0, seen: 0, lastUid: 0 },
  },
  {
    step: 'after the message is committed, before it is marked as seen',
    kill: killedAfterCommit,
    left: { stored: 1, seen: 0, lastUid: 0 },
  },
  {
    step: 'after it is marked as seen, before the cursor moves',
    kill: (act: Act) => killedAfter(act, 'UID STORE', 1),
    left: { stored: 1, seen: 1, lastUid: 0 },
  },
])('killed $step', ({ step, kill, left }) =>
  stages.on(async (act) => {
    const raw = message(step.replaceAll(' ', '-'), 'x'.repeat(300_000))
    act.server.deliver(raw)
    await kill(act)
    expect(await state(act, raw)).toEqual(left)

    act.read({ times: READER_TIMES, receive: (received) => storeIn(stages.database, received) })
    await until(async () => (await act.cursor())?.last_uid === 1)
    expect(await state(act, raw)).toEqual({ stored: 1, seen: 1, lastUid: 1 })
  }),
)
