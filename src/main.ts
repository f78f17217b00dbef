import path from 'node:path'
import { ConfigError, readConfig } from './config.ts'
import { type Service, startService } from './service.ts'

const rootDir = path.resolve(import.meta.dirname, '..')

/** Starts, says where, and stops in order at the first signal; at once at the second. */
async function main(): Promise<void> {
  const service = await startService(readConfig(process.env, rootDir), rootDir)
  process.stdout.write(greeting(service))
  let isStopping = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(signal === 'SIGINT' ? 130 : 143)
    isStopping = true
    process.stdout.write('Stopping: what was accepted is still answered. Once more stops at once.\n')
    service.stop().then(
      () => process.exit(0),
      (error) => fail(error),
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

function greeting({ address, dataPlace, firstKey }: Service): string {
  const key = firstKey === null ? '' : `Admin key    ${firstKey}\n             (shown this once; keep it)\n`
  return `First Call   ${address}\nDescription  ${address}/docs\nData         ${dataPlace}\n${key}`
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
