import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { type EmbeddedDatabase, type EmbeddedOptions, startEmbeddedDatabase } from './embedded.ts'
import { type Account, accountInsteadOfRoot, isRoot, processOptions, runAs } from './embedded-account.ts'
import { findPackageFolder } from './embedded-binaries.ts'
import { isHeld, lockHolder } from './embedded-lock.ts'

// The tests are independent of each other, and a start waits for the disk half of its time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000, maxConcurrency: 4 })

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const normalUser: Account = { name: 'a normal user', uid: 65_534, gid: 65_534 }
const canBeNormalUser =
  isRoot() && (await runAs(normalUser, process.execPath, ['-e', 'fs.readdirSync(process.argv[1])', checkout])).succeeded

const it = test.extend<{ temporary: string; dataDir: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from it what a fixture needs
  temporary: async ({}, use) => {
    const folder = await makeTemporary()
    await use(folder)
    await stopWhatRunsIn(folder)
    await fs.rm(folder, { recursive: true, force: true, maxRetries: 10 })
  },
  dataDir: ({ temporary }, use) => use(join(temporary, 'data')),
})
const itAsRoot = it.skipIf(!isRoot())
const itAsNormalUser = it.skipIf(!canBeNormalUser)

const services: ChildProcess[] = []
let prepared: string

beforeAll(async () => {
  prepared = await makeTemporary()
  await (await startEmbeddedDatabase(optionsFor(prepared))).stop()
})

afterAll(() => fs.rm(prepared, { recursive: true, force: true }))

describe.concurrent('one after the other', () => {
  it('starts, is used by a second start, and is stopped by the last one out', async ({ dataDir }) => {
    const options = await copyPrepared(dataDir)
    const first = await startEmbeddedDatabase(options)
    expect(first).toMatchObject({
      dataDir,
      connection: { host: join(dataDir, 'postgres'), port: 5432, user: 'first_call', database: 'first_call' },
    })
    const server = await serverOf(dataDir)
    await query(first, 'create table kept as select 1 as row')
    const second = await startEmbeddedDatabase(options)
    expect(await serverOf(dataDir)).toBe(server)
    expect(await first.stop()).toBe('left running')
    expect(await query(second, 'table kept')).toEqual([{ row: 1 }])
    expect(await second.stop()).toBe('stopped')
    expect(await serverOf(dataDir)).toBeUndefined()
    const third = await startEmbeddedDatabase(options)
    expect(await query(third, 'table kept')).toEqual([{ row: 1 }])
    await third.stop()
  })

  it('is safe and closed to others, and the settings of a person win where they are valid', async ({ dataDir }) => {
    const options = await copyPrepared(dataDir, 'random_page_cost = 2\n')
    const database = await startEmbeddedDatabase(options)
    // An eighth of the memory, but never too little to work with, nor more than such data need.
    const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
    const pages = `${Math.floor(Math.min(Math.max(memory / 8, 128 * 1024 ** 2), 4 * 1024 ** 3) / 1024 ** 2) * 128}`
    expect(await query(database, `select setting from pg_settings where name = 'shared_buffers'`)).toEqual([
      { setting: pages },
    ])
    const { blocks, bsize } = await fs.statfs(dataDir)
    const segments = `${Math.floor(Math.min(Math.max((blocks * bsize) / 20 / 1024 ** 2, 1_024), 8_192))}`
    expect(await query(database, `select setting from pg_settings where name = 'max_wal_size'`)).toEqual([
      { setting: segments },
    ])
    const settings = await query(
      database,
      `select string_agg(name || ' ' || current_setting(name), ', ' order by name) as settings from pg_settings
       where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'listen_addresses',
                      'server_encoding', 'random_page_cost')`,
    )
    expect(settings).toEqual([
      {
        settings:
          'data_checksums on, fsync on, full_page_writes on, listen_addresses , random_page_cost 2, ' +
          'server_encoding UTF8, synchronous_commit on',
      },
    ])
    expect((await fs.stat(database.connection.host)).mode & 0o777).toBe(0o700)
    await database.stop()
    await fs.appendFile(join(dataDir, 'postgres', 'postgresql.conf'), 'shared_buffers = a lot\n')
    expect(await refusal(startEmbeddedDatabase(options))).toMatch(/syntax error in file .*DATABASE_URL/s)
  })

  it('leaves the server running while anybody else is connected', async ({ dataDir }) => {
    const options = await copyPrepared(dataDir)
    const first = await startEmbeddedDatabase(options)
    const somebody = new pg.Client(first.connection)
    await somebody.connect()
    expect(await first.stop()).toBe('left running')
    expect((await somebody.query('select 1 as row')).rows).toEqual([{ row: 1 }])
    await somebody.end()
    expect(await (await startEmbeddedDatabase(options)).stop()).toBe('stopped')
  })
})

describe.concurrent('at the same moment', () => {
  it('two services on one empty folder start, and of two that stop one stops the server', async ({ dataDir }) => {
    const one = startService(optionsFor(dataDir))
    const other = startService(optionsFor(dataDir))
    const database = await one.started
    expect(await other.started).toEqual(database)
    expect(await query(database, 'select 1 as row')).toEqual([{ row: 1 }])
    expect(await fs.readdir(dataDir)).toEqual(['postgres'])
    expect(await Promise.all([one.stop(), other.stop()])).toContain('stopped')
    expect(await serverOf(dataDir)).toBeUndefined()
  })

  it('whoever starts while another stops has a server until it stops itself', async ({ dataDir }) => {
    const options = await copyPrepared(dataDir)
    const comeAndGo = async () => {
      for (let round = 0; round < 8; round += 1) {
        const database = await startEmbeddedDatabase(options)
        expect(await query(database, 'select 1 as row')).toEqual([{ row: 1 }])
        await database.stop()
      }
    }
    await Promise.all([comeAndGo(), comeAndGo(), comeAndGo()])
    expect(await serverOf(dataDir)).toBeUndefined()
  })
})

describe.concurrent('after a kill', () => {
  it('the server of a killed service lives on and is used by the next start', async ({ dataDir }) => {
    const options = await copyPrepared(dataDir)
    const killed = startService(options)
    await query(await killed.started, 'create table kept as select generate_series(1, 100) as row')
    const server = await serverOf(dataDir)
    await killed.kill()
    const next = await startEmbeddedDatabase(options)
    expect(await serverOf(dataDir)).toBe(server)
    expect(await query(next, 'select count(*)::int as rows from kept')).toEqual([{ rows: 100 }])
    expect(await next.stop()).toBe('stopped')
  })

  it('of a service and its server nothing is lost that was committed', async ({ dataDir }) => {
    const options = await copyPrepared(dataDir)
    const killed = startService(options)
    const before = await killed.started
    await query(before, 'create table kept (row int)')
    for (let row = 0; row < 20; row += 1) await query(before, `insert into kept values (${row})`)
    await Promise.all([killed.kill(), killServer(dataDir)])
    const after = await startEmbeddedDatabase(options)
    expect(await query(after, 'select count(*)::int as rows from kept')).toEqual([{ rows: 20 }])
    expect(await after.stop()).toBe('stopped')
  })

  it('a killed server comes back by itself, and a service that was thrown out comes in again', async ({ dataDir }) => {
    const database = await startEmbeddedDatabase(await copyPrepared(dataDir))
    await query(database, 'create table kept as select 1 as row')
    const isIn = "pid from pg_stat_activity where application_name = 'first-call presence'"
    const patience = { timeout: 10_000, interval: 20 }
    for (let round = 0; round < 3; round += 1) {
      await killServer(dataDir)
      await vi.waitFor(async () => expect(await query(database, 'table kept')).toEqual([{ row: 1 }]), patience)
      await vi.waitFor(async () => expect(await query(database, `select ${isIn}`)).toHaveLength(1), patience)
      const [{ pid }] = await query(database, `select pg_terminate_backend(pid), ${isIn}`)
      const others = `select ${isIn} and pid <> ${pid}`
      await vi.waitFor(async () => expect(await query(database, others)).toHaveLength(1), patience)
    }
    expect(await database.stop()).toBe('stopped')
    expect(await serverOf(dataDir)).toBeUndefined()
  })

  it('a process of a killed server that never notices is ended, so that a new server comes up', async ({ dataDir }) => {
    const database = await startEmbeddedDatabase(await copyPrepared(dataDir))
    await query(database, 'create table kept as select 1 as row')
    const client = new pg.Client(database.connection)
    client.on('error', () => undefined)
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const pid = rows[0]?.pid ?? 0
    // As one that waits for a lock in shared memory that a killed one held.
    process.kill(pid, 'SIGSTOP')
    await killServer(dataDir)
    const patience = { timeout: 20_000, interval: 50 }
    await vi.waitFor(async () => expect(await query(database, 'table kept')).toEqual([{ row: 1 }]), patience)
    expect(existsSync(`/proc/${pid}/cwd`)).toBe(false)
    expect(await database.stop()).toBe('stopped')
    await client.end().catch(() => undefined)
  })

  it('a service whose server is dead stops', async ({ dataDir }) => {
    const database = await startEmbeddedDatabase(await copyPrepared(dataDir))
    await killServer(dataDir)
    expect(await database.stop()).toBe('stopped')
    expect(await fs.readdir(dataDir)).toEqual(['postgres'])
  })

  it.for([
    ['begun to fill the folder', /^postgres-unfinished-\w+$/, 'base/1'],
    ['given the folder its name', /^postgres$/, 'PG_VERSION'],
    ['started the server', /^postgres$/, 'postmaster.pid'],
  ] as const)('a first start that is killed when it has %s harms no later one', async ([, name, sign], { dataDir }) => {
    const killed = startService(optionsFor(dataDir))
    const hasCome = async () => {
      const [folder = ''] = (await namesIn(dataDir, 1)).filter((found) => name.test(found))
      expect([folder, existsSync(join(dataDir, folder, sign))]).toEqual([expect.stringMatching(name), true])
    }
    await vi.waitFor(hasCome, { timeout: 30_000, interval: 3 })
    await killed.kill()
    const next = await startEmbeddedDatabase(optionsFor(dataDir))
    expect(await query(next, 'select 1 as row')).toEqual([{ row: 1 }])
    expect(await fs.readdir(dataDir)).toEqual(['postgres'])
    expect(await next.stop()).toBe('stopped')
  })

  it('an empty lock and one whose number another process has now are no obstacle', async ({ dataDir }) => {
    const options = await copyPrepared(dataDir)
    const account = isRoot() ? await accountInsteadOfRoot() : undefined
    const another = spawn('/bin/sleep', ['60'], processOptions(account))
    const lock = join(dataDir, 'postgres', 'postmaster.pid')
    try {
      for (const content of [`${another.pid}\n${dirname(lock)}\n0\n5432\n\n\n0 0\n`, '']) {
        await fs.writeFile(lock, content)
        if (account) await fs.chown(lock, account.uid, account.gid)
        await fs.utimes(lock, 0, 0)
        const database = await startEmbeddedDatabase(options)
        expect(await query(database, 'select 1 as row')).toEqual([{ row: 1 }])
        expect(await database.stop()).toBe('stopped')
      }
      expect(another.exitCode).toBeNull()
    } finally {
      another.kill()
    }
  })
})

describe.concurrent('whose account and which folder', () => {
  itAsNormalUser('as a normal user all is its own, and root may look after it', async ({ temporary, dataDir }) => {
    await fs.chown(temporary, normalUser.uid, normalUser.gid)
    const running = startService(optionsFor(dataDir), normalUser)
    expect(await running.started).toMatchObject({ dataDir })
    expect(await ownersOf(dataDir)).toEqual({
      dataDir: normalUser.uid,
      database: normalUser.uid,
      server: normalUser.uid,
    })
    expect(await running.stop()).toBe('stopped')

    const asRoot = await startEmbeddedDatabase(optionsFor(dataDir))
    expect(await ownersOf(dataDir)).toEqual({
      dataDir: normalUser.uid,
      database: normalUser.uid,
      server: normalUser.uid,
    })
    await asRoot.stop()
  })

  itAsNormalUser('a normal user is told whose database it is, if it is of another', async ({ dataDir }) => {
    const { refused } = await startService(await copyPrepared(dataDir), normalUser).started
    expect(refused).toMatch(/^EmbeddedDatabaseError: The database in .* belongs to the account ".*DATABASE_URL/)
  })

  itAsRoot('as root a DATA_DIR that was set is made passable and its database given away', async ({ dataDir }) => {
    const { uid } = await accountInsteadOfRoot()
    await fs.mkdir(dataDir, { mode: 0o700 })
    const database = await startEmbeddedDatabase(optionsFor(dataDir))
    expect((await fs.stat(dataDir)).mode & 0o777).toBe(0o711)
    expect(await ownersOf(dataDir)).toEqual({ dataDir: 0, database: uid, server: uid })
    await database.stop()

    await changeOwner(join(dataDir, 'postgres'), { uid: 0, gid: 0 })
    const restored = await startEmbeddedDatabase(optionsFor(dataDir))
    expect(await ownersOf(dataDir)).toEqual({ dataDir: 0, database: uid, server: uid })
    await restored.stop()
  })

  itAsRoot('as root a DATA_DIR that the account cannot reach is refused', async ({ temporary, dataDir }) => {
    await fs.chmod(temporary, 0o700)
    const message = await refusal(startEmbeddedDatabase(optionsFor(dataDir)))
    expect(message).toContain(`cannot reach ${temporary}. Open that folder for passing (chmod o+x ${temporary})`)
    expect(message).toContain('DATABASE_URL')
    expect(await fs.readdir(temporary)).toEqual([])
  })

  itAsRoot('as root the default moves to where the account can reach it', async ({ temporary }) => {
    const closed = join(temporary, 'closed')
    const checkoutDir = join(closed, 'checkout')
    const packageFolder = join(checkoutDir, 'package')
    await fs.mkdir(checkoutDir, { recursive: true })
    await copyPackage(packageFolder)
    await fs.chmod(closed, 0o700)
    const messages: string[] = []
    const start = () =>
      startEmbeddedDatabase(
        {
          dataDir: join(checkoutDir, 'data'),
          isDefaultDataDir: true,
          checkoutDir,
          log: (message) => messages.push(message),
        },
        { movedRoot: join(temporary, 'moved'), findPackageFolder: () => packageFolder },
      )
    const moved = await start()
    expect(moved.dataDir).toMatch(new RegExp(`^${temporary}/moved/checkout-[0-9a-f]{8}$`))
    expect(await fs.readdir(moved.dataDir)).toEqual(['postgres', 'postgresql-binaries'])
    expect(messages).toEqual([expect.stringContaining(`The data is in ${moved.dataDir}: the account "`)])
    await query(moved, 'create table kept as select 1 as row')
    await moved.stop()

    // Data that has moved is not left behind when the default could be reached.
    await fs.chmod(closed, 0o755)
    const again = await start()
    expect(again.dataDir).toBe(moved.dataDir)
    expect(await query(again, 'table kept')).toEqual([{ row: 1 }])
    await again.stop()
  })

  it('a path too long for a socket gets a short folder that a second process finds', async ({ temporary }) => {
    const options = await copyPrepared(join(temporary, 'a'.repeat(60), 'b'.repeat(60)))
    const database = await startEmbeddedDatabase(options)
    const { host } = database.connection
    try {
      expect(host).toMatch(/^\/tmp\/first-call-[0-9a-f]{16}$/)
      expect((await fs.stat(host)).mode & 0o777).toBe(0o700)
      const second = startService(options)
      expect((await second.started).connection).toEqual(database.connection)
      expect(await query(database, 'select 1 as row')).toEqual([{ row: 1 }])
      expect(await second.stop()).toBe('left running')
      expect(await database.stop()).toBe('stopped')

      await fs.chmod(host, 0o755)
      expect(await refusal(startEmbeddedDatabase(options))).toMatch(/cannot have its socket in .*DATABASE_URL/s)
      await fs.rm(host, { recursive: true })
      await fs.symlink(temporary, host)
      expect(await refusal(startEmbeddedDatabase(options))).toMatch(/cannot have its socket in .*DATABASE_URL/s)
    } finally {
      await fs.rm(host, { recursive: true, force: true })
    }
  })

  it('a folder that cannot be made or holds something else is refused', async ({ temporary, dataDir }) => {
    await fs.writeFile(join(temporary, 'file'), '')
    const impossible = optionsFor(join(temporary, 'file', 'data'))
    expect(await refusal(startEmbeddedDatabase(impossible))).toMatch(/file.*DATABASE_URL/s)

    const foreign = join(dataDir, 'postgres')
    await fs.mkdir(foreign, { recursive: true })
    await fs.writeFile(join(foreign, 'letter.txt'), 'Dear ...')
    expect(await refusal(startEmbeddedDatabase(optionsFor(dataDir)))).toMatch(/holds something else.*DATABASE_URL/s)
    expect(await fs.readdir(foreign)).toEqual(['letter.txt'])
  })
})

describe.concurrent('the programs', () => {
  it('the data of another major version is refused with the way to move it', async ({ dataDir }) => {
    await fs.mkdir(join(dataDir, 'postgres'), { recursive: true })
    await fs.writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n')
    const message = await refusal(startEmbeddedDatabase(optionsFor(dataDir)))
    expect(message).toMatch(
      /written by PostgreSQL 17, .*PostgreSQL 18 .*DATABASE_URL.*pg_dump of version 17.*DATA_DIR/s,
    )
  })

  it('a platform without programs is told to use another PostgreSQL', async ({ temporary, dataDir }) => {
    const surroundings = { movedRoot: temporary, findPackageFolder: () => findPackageFolder('win32-x64') }
    const message = await refusal(startEmbeddedDatabase(optionsFor(dataDir), surroundings))
    expect(message).toMatch(/no PostgreSQL for win32-x64 along: set DATABASE_URL to .*pg_dump/)
  })

  it('links that the install script has not made are made at the first start', async ({ temporary, dataDir }) => {
    const packageFolder = await copyPackageWithoutLinks(temporary)
    const surroundings = { movedRoot: temporary, findPackageFolder: () => packageFolder }
    const database = await startEmbeddedDatabase(await copyPrepared(dataDir), surroundings)
    expect(await query(database, 'select 1 as row')).toEqual([{ row: 1 }])
    await database.stop()
    const links = JSON.parse(await fs.readFile(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8'))
    for (const { target } of links) expect(existsSync(join(packageFolder, target)), target).toBe(true)
    expect(await fs.readdir(dataDir)).toEqual(['postgres'])
  })

  itAsNormalUser('where links cannot be made a copy with links is used', async ({ temporary, dataDir }) => {
    const packageFolder = await copyPackageWithoutLinks(temporary)
    const options = await copyPrepared(dataDir)
    await changeOwner(dataDir, normalUser)
    const running = startService({ ...options, packageFolder }, normalUser)
    expect(await running.started).toMatchObject({ dataDir })
    expect(await fs.readdir(dataDir)).toEqual(['postgres', 'postgresql-binaries'])
    expect(await running.stop()).toBe('stopped')
  })
})

async function makeTemporary(): Promise<string> {
  const folder = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'embedded-')))
  await fs.chmod(folder, 0o755)
  return folder
}

async function stopWhatRunsIn(temporary: string): Promise<void> {
  for (const service of services) if (service.spawnargs.at(-1)?.includes(temporary)) service.kill('SIGKILL')
  for (const name of await namesIn(temporary, 5)) {
    if (!name.endsWith('/postmaster.pid')) continue
    const folder = join(temporary, dirname(name))
    const server = await lockHolder(folder)
    if (!server || !(await isHeld({ account: undefined, dataDir: dirname(folder), folder }))) continue
    process.kill(server, 'SIGQUIT')
    await vi.waitFor(() => expect(existsSync(join(temporary, name))).toBe(false), { timeout: 10_000, interval: 10 })
  }
}

/** Gives the names in a folder and below it; none where it changes under our eyes. */
async function namesIn(folder: string, depth: number): Promise<string[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => [])
  const names = entries.map(async (entry) => {
    const below = entry.isDirectory() && depth > 1 ? await namesIn(join(folder, entry.name), depth - 1) : []
    return [entry.name, ...below.map((name) => `${entry.name}/${name}`)]
  })
  return (await Promise.all(names)).flat()
}

function optionsFor(dataDir: string): EmbeddedOptions {
  return { dataDir, isDefaultDataDir: false, checkoutDir: checkout, log: () => {} }
}

/** Copying an empty database takes a third of the time of making one, and with little memory it starts three times as fast. */
async function copyPrepared(dataDir: string, ownSettings = 'shared_buffers = 16MB\n'): Promise<EmbeddedOptions> {
  await fs.mkdir(dataDir, { recursive: true })
  await runOrFail('/bin/cp', '-a', join(prepared, 'postgres'), join(dataDir, 'postgres'))
  await fs.appendFile(join(dataDir, 'postgres', 'postgresql.conf'), ownSettings)
  return optionsFor(dataDir)
}

/** 60 MB: linked where it is on the same disk. */
async function copyPackage(to: string): Promise<void> {
  await runOrFail('/bin/cp', '-al', findPackageFolder(), to).catch(async () => {
    // What it began would be copied into.
    await fs.rm(to, { recursive: true, force: true })
    await runOrFail('/bin/cp', '-a', findPackageFolder(), to)
  })
}

async function copyPackageWithoutLinks(temporary: string): Promise<string> {
  const packageFolder = join(temporary, 'package')
  await copyPackage(packageFolder)
  const libraries = join(packageFolder, 'native', 'lib')
  for (const entry of await fs.readdir(libraries, { withFileTypes: true }))
    if (entry.isSymbolicLink()) await fs.rm(join(libraries, entry.name))
  return packageFolder
}

function changeOwner(folder: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  return runOrFail('/bin/chown', '-R', `${uid}:${gid}`, folder)
}

async function runOrFail(program: string, ...args: string[]): Promise<void> {
  expect(await runAs(undefined, program, args)).toMatchObject({ succeeded: true })
}

function serverOf(dataDir: string): Promise<number | undefined> {
  return lockHolder(join(dataDir, 'postgres'))
}

async function killServer(dataDir: string): Promise<void> {
  const server = await serverOf(dataDir)
  if (server) process.kill(server, 'SIGKILL')
}

async function ownersOf(dataDir: string) {
  const uidOf = async (path: string) => (await fs.stat(path)).uid
  return {
    dataDir: await uidOf(dataDir),
    database: await uidOf(join(dataDir, 'postgres')),
    server: await uidOf(`/proc/${await serverOf(dataDir)}`),
  }
}

async function query({ connection }: Pick<EmbeddedDatabase, 'connection'>, text: string) {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

async function refusal(starting: Promise<unknown>): Promise<string> {
  const error = await starting.then(
    () => undefined,
    (reason) => reason,
  )
  expect(error).toMatchObject({ name: 'EmbeddedDatabaseError' })
  return error.message
}

/** A service in a process of its own: starts the database, says so, and stops it when told to. */
function startService(options: EmbeddedOptions & { packageFolder?: string }, account?: Account) {
  const service = spawn(process.execPath, ['--input-type=module', '--eval', serviceProgram, JSON.stringify(options)], {
    ...processOptions(account),
    cwd: checkout,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  services.push(service)
  const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]()
  const nextLine = async () => JSON.parse((await lines.next()).value ?? 'null')
  return {
    started: nextLine() as Promise<Omit<EmbeddedDatabase, 'stop'> & { refused?: string }>,
    stop: () => {
      service.stdin.write('stop\n')
      return nextLine()
    },
    kill: () =>
      new Promise((resolve) => {
        service.once('exit', resolve)
        service.kill('SIGKILL')
      }),
  }
}

const serviceProgram = `
import { startEmbeddedDatabase } from ${JSON.stringify(pathToFileURL(join(inject('built'), 'dist/database/embedded.js')).href)}
const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n')
const { packageFolder, ...options } = JSON.parse(process.argv[1])
const surroundings = packageFolder && { movedRoot: options.dataDir, findPackageFolder: () => packageFolder }
try {
  const database = await startEmbeddedDatabase({ ...options, log() {} }, surroundings)
  say(database)
  process.stdin.once('data', async () => { say(await database.stop()); process.stdin.destroy() })
} catch (error) {
  say({ refused: error.name + ': ' + error.message })
}`
