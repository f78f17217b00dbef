import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type EmbeddedDatabase, type EmbeddedOptions, startEmbeddedDatabase } from './embedded.ts'
import { accountInsteadOfRoot, canReach, isRoot, processOptions, runAs } from './embedded-account.ts'
import { findPackageFolder } from './embedded-binaries.ts'
import { isHeldByAnother, lockHolder } from './embedded-lock.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const normalUser = { name: 'a normal user', uid: 65_534, gid: 65_534 }
const canBeNormalUser =
  isRoot() && (await runAs(normalUser, process.execPath, ['-e', 'fs.readdirSync(process.argv[1])', checkout])).succeeded

let temporary: string
let children: ChildProcess[]

beforeEach(async () => {
  temporary = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'embedded-')))
  await fs.chmod(temporary, 0o755)
  children = []
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const name of await fs.readdir(temporary, { recursive: true })) {
    if (!name.endsWith('postmaster.pid')) continue
    const folder = join(temporary, dirname(name))
    const holder = await lockHolder(folder)
    if (!holder || !(await isHeldByAnother({ account: undefined, dataDir: temporary, folder }))) continue
    process.kill(holder, 'SIGQUIT')
    await vi.waitFor(() => expect(existsSync(join(temporary, name))).toBe(false), { timeout: 10_000, interval: 10 })
  }
  await fs.rm(temporary, { recursive: true, force: true, maxRetries: 10 })
})

function optionsFor(dataDir = join(temporary, 'data')): EmbeddedOptions {
  return { dataDir, isDefaultDataDir: false, checkoutDir: checkout, log: () => {} }
}

async function query(database: { connection: EmbeddedDatabase['connection'] }, text: string) {
  const client = new pg.Client(database.connection)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** A service of its own: starts the database, says so, and stops it when told to. */
const service = `
import { startEmbeddedDatabase } from ${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)}
const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n')
const { packageFolder, movedRoot, ...options } = JSON.parse(process.argv[1])
const surroundings = packageFolder && { movedRoot, findPackageFolder: () => packageFolder }
try {
  const database = await startEmbeddedDatabase({ ...options, log() {} }, surroundings)
  say(database)
  process.stdin.once('data', async () => { say(await database.stop()); process.stdin.destroy() })
} catch (error) {
  say({ refused: error.name + ': ' + error.message })
}`

function startService(options: EmbeddedOptions & { packageFolder?: string }, account?: typeof normalUser) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', service, JSON.stringify(options)],
    { ...processOptions(account), cwd: checkout, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextLine = async () => JSON.parse((await lines.next()).value ?? 'null')
  return {
    started: nextLine() as Promise<Omit<EmbeddedDatabase, 'stop'> & { refused?: string }>,
    stop: async () => {
      child.stdin.write('stop\n')
      return nextLine()
    },
    kill: () =>
      new Promise((resolve) => {
        child.once('exit', resolve)
        child.kill('SIGKILL')
      }),
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await setImmediate()
}

async function refusal(starting: Promise<unknown>): Promise<string> {
  const error = await starting.then(
    () => undefined,
    (reason) => reason,
  )
  expect(error).toMatchObject({ name: 'EmbeddedDatabaseError' })
  return error.message
}

describe('one after the other', () => {
  it('starts, is used by a second start, and is stopped by the last one out', async () => {
    const first = await startEmbeddedDatabase(optionsFor())
    expect(first).toMatchObject({
      dataDir: join(temporary, 'data'),
      connection: { port: 5432, user: 'first_call', database: 'first_call' },
    })
    const server = await lockHolder(join(first.dataDir, 'postgres'))
    await query(first, 'create table kept as select 1 as row')
    const second = await startEmbeddedDatabase(optionsFor())
    expect(await lockHolder(join(first.dataDir, 'postgres'))).toBe(server)
    expect(await first.stop()).toBe('left running')
    expect(await query(second, 'table kept')).toEqual([{ row: 1 }])
    expect(await second.stop()).toBe('stopped')
    expect(await lockHolder(join(first.dataDir, 'postgres'))).toBeUndefined()
    const third = await startEmbeddedDatabase(optionsFor())
    expect(await query(third, 'table kept')).toEqual([{ row: 1 }])
    await third.stop()
  })

  it('loses nothing in a power cut, is closed to others, and lets the settings of a person win', async () => {
    const first = await startEmbeddedDatabase(optionsFor())
    await first.stop()
    const file = join(first.dataDir, 'postgres', 'postgresql.conf')
    await fs.appendFile(file, 'random_page_cost = 2\n')
    const database = await startEmbeddedDatabase(optionsFor())
    const settings = await query(
      database,
      `select string_agg(name || ' ' || current_setting(name), ', ' order by name) as settings from pg_settings
       where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'listen_addresses',
                      'server_encoding', 'shared_buffers', 'max_wal_size', 'random_page_cost')`,
    )
    expect(settings).toEqual([
      {
        settings:
          'data_checksums on, fsync on, full_page_writes on, listen_addresses , max_wal_size 2GB, ' +
          'random_page_cost 2, server_encoding UTF8, shared_buffers 256MB, synchronous_commit on',
      },
    ])
    expect((await fs.stat(database.connection.host)).mode & 0o777).toBe(0o700)
    await database.stop()
    await fs.appendFile(file, 'shared_buffers = a lot\n')
    expect(await refusal(startEmbeddedDatabase(optionsFor()))).toMatch(/syntax error in file .*DATABASE_URL/s)
  })

  it('leaves the server running while anybody else is connected', async () => {
    const first = await startEmbeddedDatabase(optionsFor())
    const somebody = new pg.Client(first.connection)
    await somebody.connect()
    expect(await first.stop()).toBe('left running')
    expect((await somebody.query('select 1 as row')).rows).toEqual([{ row: 1 }])
    await somebody.end()
    expect(await (await startEmbeddedDatabase(optionsFor())).stop()).toBe('stopped')
  })
})

describe('at the same moment', () => {
  it('two services on one empty folder both start, and of two that stop one stops the server', async () => {
    const services = [startService(optionsFor()), startService(optionsFor())]
    const [first, second] = await Promise.all(services.map((each) => each.started))
    expect(first).toEqual(second)
    expect(await query(optionsConnection(), 'select 1 as row')).toEqual([{ row: 1 }])
    expect(await fs.readdir(join(temporary, 'data'))).toEqual(['postgres'])
    expect(await Promise.all(services.map((each) => each.stop()))).toContain('stopped')
    expect(await lockHolder(join(temporary, 'data', 'postgres'))).toBeUndefined()
  })

  it('whoever starts while another stops has a server until it stops itself', async () => {
    const comeAndGo = async () => {
      for (let round = 0; round < 12; round += 1) {
        const database = await startEmbeddedDatabase(optionsFor())
        expect(await query(database, 'select 1 as row')).toEqual([{ row: 1 }])
        await database.stop()
      }
    }
    await Promise.all([comeAndGo(), comeAndGo(), comeAndGo()])
    expect(await lockHolder(join(temporary, 'data', 'postgres'))).toBeUndefined()
  })
})

function optionsConnection(dataDir = join(temporary, 'data')) {
  return { connection: { host: join(dataDir, 'postgres'), port: 5432, user: 'first_call', database: 'first_call' } }
}

describe('after a kill', () => {
  it('the server of a killed service lives on and is used by the next start', async () => {
    const killed = startService(optionsFor())
    const before = await killed.started
    await query(before, 'create table kept as select generate_series(1, 100) as row')
    const server = await lockHolder(join(before.dataDir, 'postgres'))
    await killed.kill()
    const next = await startEmbeddedDatabase(optionsFor())
    expect(await lockHolder(join(next.dataDir, 'postgres'))).toBe(server)
    expect(await query(next, 'select count(*)::int as rows from kept')).toEqual([{ rows: 100 }])
    expect(await next.stop()).toBe('stopped')
  })

  it('a killed server comes up again with all that was committed', async () => {
    const before = await startEmbeddedDatabase(optionsFor())
    const server = (await lockHolder(join(before.dataDir, 'postgres'))) ?? 0
    await query(before, 'create table kept (row int)')
    for (let row = 0; row < 20; row += 1) await query(before, `insert into kept values (${row})`)
    process.kill(server, 'SIGKILL')
    const after = await startEmbeddedDatabase(optionsFor())
    expect(await lockHolder(join(after.dataDir, 'postgres'))).not.toBe(server)
    expect(await query(after, 'select count(*)::int as rows from kept')).toEqual([{ rows: 20 }])
    expect(await before.stop()).toBe('left running')
    expect(await after.stop()).toBe('stopped')
  })

  it.each([
    ['begun to fill it', /^postgres-unfinished-\w+\/base\/1$/],
    ['nearly filled it', /^postgres-unfinished-\w+\/base\/5$/],
    ['given it its name', /^postgres\/PG_VERSION$/],
    ['started the server', /^postgres\/postmaster.pid$/],
  ])('a first start that was killed when it had %s harms no later one', async (_moment, sign) => {
    const killed = startService(optionsFor())
    const dataDir = join(temporary, 'data')
    await until(() => existsSync(dataDir) && namesTwoDeep(dataDir).some((name) => sign.test(name)))
    await killed.kill()
    const next = await startEmbeddedDatabase(optionsFor())
    expect(await query(next, 'select 1 as row')).toEqual([{ row: 1 }])
    expect(await fs.readdir(dataDir)).toEqual(['postgres'])
    expect(await next.stop()).toBe('stopped')
  })

  it('an empty lock and one whose number another process has now are no obstacle', async () => {
    const before = await startEmbeddedDatabase(optionsFor())
    await before.stop()
    const account = isRoot() ? await accountInsteadOfRoot() : undefined
    const another = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], processOptions(account))
    children.push(another)
    const lock = join(before.dataDir, 'postgres', 'postmaster.pid')
    for (const content of [`${another.pid}\n${dirname(lock)}\n0\n5432\n\n\n0 0\n`, '']) {
      await fs.writeFile(lock, content)
      if (account) await fs.chown(lock, account.uid, account.gid)
      await fs.utimes(lock, 0, 0)
      const after = await startEmbeddedDatabase(optionsFor())
      expect(await query(after, 'select 1 as row')).toEqual([{ row: 1 }])
      expect(await after.stop()).toBe('stopped')
    }
    expect(another.exitCode).toBeNull()
  })
})

/** Empty where the folder changes under our eyes. */
function namesTwoDeep(folder: string, depth = 2): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => [
      entry.name,
      ...(entry.isDirectory() && depth > 0
        ? namesTwoDeep(join(folder, entry.name), depth - 1).map((name) => `${entry.name}/${name}`)
        : []),
    ])
  } catch {
    return []
  }
}

describe('whose account and which folder', () => {
  it.skipIf(!canBeNormalUser)(
    'as a normal user everything belongs to that user, and root may look after it',
    async () => {
      await fs.chown(temporary, normalUser.uid, normalUser.gid)
      const running = startService(optionsFor(), normalUser)
      const database = await running.started
      const folder = join(database.dataDir, 'postgres')
      const server = await lockHolder(folder)
      expect(await fs.stat(`/proc/${server}`)).toMatchObject({ uid: normalUser.uid })
      expect(await fs.stat(database.dataDir)).toMatchObject({ uid: normalUser.uid })
      expect(await running.stop()).toBe('stopped')

      const rootsTurn = await startEmbeddedDatabase(optionsFor())
      expect(await fs.stat(`/proc/${await lockHolder(folder)}`)).toMatchObject({ uid: normalUser.uid })
      await rootsTurn.stop()
    },
  )

  it.skipIf(!canBeNormalUser)("a normal user is told whose database it is, if it is another's", async () => {
    await (await startEmbeddedDatabase(optionsFor())).stop()
    const { refused } = await startService(optionsFor(), normalUser).started
    expect(refused).toMatch(/^EmbeddedDatabaseError: The database in .* belongs to the account ".*DATABASE_URL/)
  })

  it.skipIf(!isRoot())('as root a DATA_DIR that was set is made passable and the database given away', async () => {
    const account = await accountInsteadOfRoot()
    await fs.mkdir(join(temporary, 'data'), { mode: 0o700 })
    const database = await startEmbeddedDatabase(optionsFor())
    expect((await fs.stat(database.dataDir)).mode & 0o777).toBe(0o711)
    expect(await fs.stat(join(database.dataDir, 'postgres'))).toMatchObject({ uid: account.uid, gid: account.gid })
    const server = await lockHolder(join(database.dataDir, 'postgres'))
    expect(await fs.stat(`/proc/${server}`)).toMatchObject({ uid: account.uid })
    expect(await database.stop()).toBe('stopped')

    await runAs(undefined, '/bin/chown', ['-R', '0:0', join(database.dataDir, 'postgres')])
    const restored = await startEmbeddedDatabase(optionsFor())
    expect(await query(restored, 'select 1 as row')).toEqual([{ row: 1 }])
    await restored.stop()
  })

  it.skipIf(!isRoot())('as root a DATA_DIR that the account cannot reach is refused, not replaced', async () => {
    await fs.chmod(temporary, 0o700)
    const message = await refusal(startEmbeddedDatabase(optionsFor()))
    expect(message).toContain(`cannot reach ${temporary}. Open that folder for passing (chmod o+x ${temporary})`)
    expect(message).toContain('DATABASE_URL')
    expect(await fs.readdir(temporary)).toEqual([])
  })

  it.skipIf(!isRoot())('as root the default moves to where the account can reach it, with the programs', async () => {
    const closed = join(temporary, 'root')
    const packageFolder = join(closed, 'checkout', 'package')
    await fs.mkdir(closed, { mode: 0o700 })
    await fs.cp(findPackageFolder(), packageFolder, { recursive: true, verbatimSymlinks: true })
    const messages: string[] = []
    const start = () =>
      startEmbeddedDatabase(
        {
          dataDir: join(closed, 'checkout', 'data'),
          isDefaultDataDir: true,
          checkoutDir: join(closed, 'checkout'),
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

    // Data that has moved stays where it is.
    await fs.chmod(closed, 0o755)
    const again = await start()
    expect(again.dataDir).toBe(moved.dataDir)
    expect(await query(again, 'table kept')).toEqual([{ row: 1 }])
    await again.stop()
  })

  it('a path that is too long for a socket gets a short folder that a second process finds', async () => {
    const options = optionsFor(join(temporary, 'a'.repeat(60), 'b'.repeat(60)))
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

  it('a folder that cannot be made or holds something else is refused with a sentence', async () => {
    await fs.writeFile(join(temporary, 'file'), '')
    const impossible = optionsFor(join(temporary, 'file', 'data'))
    expect(await refusal(startEmbeddedDatabase(impossible))).toMatch(/file.*DATABASE_URL/s)

    const foreign = join(temporary, 'data', 'postgres')
    await fs.mkdir(foreign, { recursive: true })
    await fs.writeFile(join(foreign, 'letter.txt'), 'Dear ...')
    expect(await refusal(startEmbeddedDatabase(optionsFor()))).toMatch(/holds something else.*DATABASE_URL/s)
    expect(await fs.readdir(foreign)).toEqual(['letter.txt'])
  })
})

describe('the programs', () => {
  it('the data of another major version is refused with the way to move it', async () => {
    await fs.mkdir(join(temporary, 'data', 'postgres'), { recursive: true })
    await fs.writeFile(join(temporary, 'data', 'postgres', 'PG_VERSION'), '17\n')
    const message = await refusal(startEmbeddedDatabase(optionsFor()))
    expect(message).toMatch(
      /written by PostgreSQL 17, .*PostgreSQL 18 .*DATABASE_URL.*pg_dump of version 17.*DATA_DIR/s,
    )
  })

  it('a platform without programs is told to use another PostgreSQL', async () => {
    const surroundings = { movedRoot: temporary, findPackageFolder: () => findPackageFolder('win32-x64') }
    const message = await refusal(startEmbeddedDatabase(optionsFor(), surroundings))
    expect(message).toMatch(/no PostgreSQL for win32-x64 along: set DATABASE_URL to .*pg_dump/)
  })

  it('links that the install script has not made are made at the first start', async () => {
    const packageFolder = await packageWithoutLinks()
    const surroundings = { movedRoot: temporary, findPackageFolder: () => packageFolder }
    const database = await startEmbeddedDatabase(optionsFor(), surroundings)
    expect(await query(database, 'select 1 as row')).toEqual([{ row: 1 }])
    await database.stop()
    const links = JSON.parse(await fs.readFile(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8'))
    for (const { target } of links) expect(existsSync(join(packageFolder, target)), target).toBe(true)
    expect(await fs.readdir(database.dataDir)).toEqual(['postgres'])
  })

  it.skipIf(!canBeNormalUser)('where links cannot be made beside the libraries a copy is used', async () => {
    const packageFolder = await packageWithoutLinks()
    await fs.mkdir(join(temporary, 'data'))
    await fs.chown(join(temporary, 'data'), normalUser.uid, normalUser.gid)
    expect(await canReach(normalUser, packageFolder)).toBe(true)
    const running = startService({ ...optionsFor(), packageFolder }, normalUser)
    expect(await running.started).toMatchObject({ dataDir: join(temporary, 'data') })
    expect(await fs.readdir(join(temporary, 'data'))).toEqual(['postgres', 'postgresql-binaries'])
    expect(await running.stop()).toBe('stopped')
  })
})

async function packageWithoutLinks(): Promise<string> {
  const packageFolder = join(temporary, 'package')
  await fs.cp(findPackageFolder(), packageFolder, { recursive: true, verbatimSymlinks: true })
  const libraries = join(packageFolder, 'native', 'lib')
  for (const entry of await fs.readdir(libraries, { withFileTypes: true }))
    if (entry.isSymbolicLink()) await fs.rm(join(libraries, entry.name))
  return packageFolder
}
