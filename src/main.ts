import path from 'node:path'
import { ConfigError, readConfig } from './config.ts'
import { type Service, startService } from './service.ts'

const rootDir = path.resolve(import.meta.dirname, '..')

const ONE_KEYSTROKE_MS = 500

/** Starts, says where, and stops in order at the first signal, even one that comes before; at once at the second. */
async function main(): Promise<void> {
  const starting = startService(readConfig(process.env, rootDir), rootDir)
  let stoppingSince: number | null = null
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== null) {
      // A Ctrl-C in `npm start` comes twice where npm's shell is bash: from the terminal, and from npm.
      if (performance.now() - stoppingSince < ONE_KEYSTROKE_MS) return
      process.exit(signal === 'SIGINT' ? 130 : 143)
    }
    stoppingSince = performance.now()
    process.stdout.write('Stopping: what was accepted is still answered. Once more stops at once.\n')
    // One that is half started would leave its PostgreSQL behind, and its new key unread.
    starting.then((service) => service.stop()).then(() => process.exit(0), fail)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  process.stdout.write(greeting(await starting))
}

function greeting({ address, isOnEveryAddress, isDescriptionOpen, dataPlace, firstKey }: Service): string {
  const others = isOnEveryAddress
    ? '             (and every other address of this machine, for all who can reach it)\n'
    : ''
  const key = firstKey === null ? '' : `Admin key    ${firstKey}\n             (shown this once; keep it)\n`
  const docs = `${address}/docs${isDescriptionOpen ? '' : ' (with the key)'}`
  return `First Call   ${address}\n${others}Description  ${docs}\nData         ${dataPlace}\n${key}`
}

function fail(error: unknown): void {
  if (error instanceof ConfigError) {
    process.stderr.write(`The configuration has faults:\n${error.faults.map((fault) => `  ${fault}\n`).join('')}`)
  } else {
    process.stderr.write(
      `First Call cannot start or go on: ${error instanceof Error ? error.message : String(error)}\n`,
    )
  }
  process.exit(1)
}

main().catch(fail)
