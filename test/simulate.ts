import { setTimeout as pause } from 'node:timers/promises'
import { addLeads } from './zadarma/leads.ts'
import { readOptions, type SimulateOptions, USAGE, UsageError } from './zadarma/options.ts'
import { makeCalls, type Sent, sendNotifications, startZadarmaServer } from './zadarma-server.ts'

const KEY = 'simulated-key'
const SECRET = 'simulated-secret'
const EXTENSIONS = ['100', '101', '102', '103']
const ASK_EVERY_MS = 1_000

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Plays Zadarma until Ctrl-C; where it is told a First Call, with calls to leads that it makes there. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), Date.now())
  if (options === 'help') return say(USAGE)
  const { seed, calls: count, from, zone, port, to } = options
  const numbers = Array.from({ length: options.contacts }, (_, index) => numberOf(seed, index))
  const scenarios = makeCalls({ seed, count, from, numbers, extensions: EXTENSIONS, zone })
  const server = await startZadarmaServer({ key: KEY, secret: SECRET, zone, port, scenarios })
  say(`Zadarma is played at ${server.url}, for an account in the zone ${zone}. Start First Call with`)
  say(`  ZADARMA_KEY=${KEY} ZADARMA_SECRET=${SECRET} ZADARMA_API_URL=${server.url}`)
  if (to !== null) await play(to, numbers, scenarios, options)
  say('REST is served until Ctrl-C.')
}

async function play(
  to: NonNullable<SimulateOptions['to']>,
  numbers: readonly string[],
  scenarios: ReturnType<typeof makeCalls>,
  { seed, from, drop, double, shuffle, concurrency, webhook }: SimulateOptions,
): Promise<void> {
  await reached(to.url)
  const leads = await addLeads(to, numbers, { seed, createdAt: from - 86_400_000 })
  say(`${leads.added} contacts, each with an opportunity, were made at ${to.url}; ${leads.known} were there already.`)
  const target = new URL(webhook, to.url).href
  const sent = await sendNotifications(target, scenarios, { secret: SECRET, seed, drop, double, shuffle, concurrency })
  say(`Of ${scenarios.length} calls ${sent.length} notifications were sent to ${target}:`)
  for (const line of summary(sent)) say(`  ${line}`)
}

/** First Call may well be started with what was just printed. */
async function reached(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(new URL('/healthz', url)).catch(() => null)
    if (response !== null) return
    if (tries === 0) say(`Waiting for First Call at ${url} …`)
    await pause(ASK_EVERY_MS)
  }
}

/** A Spanish mobile number; another one for another seed. */
const numberOf = (seed: number, index: number): string =>
  `+346${String(((seed % 1_000) + 1) * 10_000 + index).padStart(8, '0')}`

function summary(sent: readonly Sent[]): string[] {
  const counts = new Map<string, number>()
  for (const { event, status } of sent) {
    const line = `${event.padEnd(18)}${status === 0 ? 'no answer' : `HTTP ${status}`}`
    counts.set(line, (counts.get(line) ?? 0) + 1)
  }
  const times = sent.map(({ ms }) => ms).sort((a, b) => a - b)
  const [half = 0, last = 0] = [times[Math.floor(times.length / 2)], times.at(-1)]
  const lines = [...counts].sort().map(([line, number]) => `${line.padEnd(28)}${String(number).padStart(7)}`)
  return [...lines, `half of them were answered within ${half.toFixed(1)} ms, all within ${last.toFixed(1)} ms`]
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${message}\n${error instanceof UsageError ? `\n${USAGE}\n` : ''}`)
  process.exit(1)
})
