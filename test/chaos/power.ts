import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, open, realpath, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isRoot } from '../../src/database/embedded-account.ts'

const MIB = 1024 * 1024
const PLATTER_MIB = 900
const DISK_MIB = 700

/** `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`: from now on nothing reaches the disk, not even the journal. */
const SHUT_DOWN = 'open(F, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl(F, 0x8004587d, $how) or die $!'

/**
 * A disk whose power can be cut. It is a file in an ext4 that is itself in a file: what has been written to the disk and
 * not flushed lies in the memory of the outer ext4, as in the cache of a true disk; a flush brings it onto the platter.
 * Cutting the power stops the outer ext4 dead, and with it goes what was not flushed, but for what the system had
 * happened to write out: some blocks, in any order.
 */
export class Disk {
  /** Where it is mounted. */
  readonly folder: string
  readonly #root: string
  readonly #outer: string
  #platter = ''
  #disk = ''

  private constructor(root: string) {
    this.#root = root
    this.#outer = path.join(root, 'outer')
    this.folder = path.join(root, 'disk')
  }

  /** Makes one, empty. Only root can, and not everywhere. */
  static async make(): Promise<Disk> {
    const disk = new Disk(await realpath(await mkdtemp(path.join(os.tmpdir(), 'first-call-power-'))))
    try {
      await run('chmod', '755', disk.#root)
      await Promise.all([mkdir(disk.#outer), mkdir(disk.folder)])
      await run('truncate', '-s', `${PLATTER_MIB}M`, disk.#file('platter'))
      await run('mkfs.ext4', '-q', '-F', disk.#file('platter'))
      disk.#platter = await run('losetup', '--find', '--show', disk.#file('platter'))
      await run('mount', disk.#platter, disk.#outer)
      await writeZeros(path.join(disk.#outer, 'disk'))
      await run('mkfs.ext4', '-q', '-F', path.join(disk.#outer, 'disk'))
      await run('sync', '-f', disk.#outer)
      await disk.#plugIn()
      return disk
    } catch (error) {
      await disk.remove()
      throw error
    }
  }

  /** Cuts the power. Whoever works on the disk meets faults from then on. */
  cut(): Promise<string> {
    return run('perl', '-e', SHUT_DOWN, this.#outer)
  }

  /** Brings the power back, once nobody works on the disk any more: the file systems recover by their journals. */
  async restore(): Promise<void> {
    await this.#unplug()
    await run('mount', this.#platter, this.#outer)
    await this.#plugIn()
  }

  async remove(): Promise<void> {
    await this.#unplug().catch(() => undefined)
    if (this.#platter !== '') await run('losetup', '-d', this.#platter).catch(() => undefined)
    await rm(this.#root, { recursive: true, force: true })
  }

  #file(name: string): string {
    return path.join(this.#root, name)
  }

  async #plugIn(): Promise<void> {
    this.#disk = await run('losetup', '--find', '--show', path.join(this.#outer, 'disk'))
    await run('mount', this.#disk, this.folder)
  }

  async #unplug(): Promise<void> {
    await unmount(this.folder)
    if (this.#disk !== '') await run('losetup', '-d', this.#disk)
    this.#disk = ''
    await unmount(this.#outer)
  }
}

/** Why this machine does not let us make such a disk; null where it does. */
export async function whyNoDisk(): Promise<string | null> {
  if (!isRoot()) return 'only root may mount'
  try {
    const disk = await Disk.make()
    await disk.cut().finally(() => disk.remove())
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** All of it is written once, so that later writes change no more than what they are about. */
async function writeZeros(file: string): Promise<void> {
  const handle = await open(file, 'w')
  const zeros = Buffer.alloc(8 * MIB)
  for (let written = 0; written < DISK_MIB * MIB; written += zeros.byteLength) await handle.write(zeros)
  await handle.sync()
  await handle.close()
}

/** The last process may just be going. */
async function unmount(folder: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const fault = await run('umount', folder).then(
      () => '',
      (error: unknown) => String(error),
    )
    if (fault === '' || /not mounted/.test(fault)) return
    if (tries === 100) throw new Error(fault)
    await wait(50)
  }
}

async function run(program: string, ...args: string[]): Promise<string> {
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`
  return (await promisify(execFile)(program, args, { env: { PATH, LC_ALL: 'C' } })).stdout.trim()
}
