import type { Command } from 'commander'
import type { ZadarmaConfig } from '../config.ts'
import { createZadarmaApi, type ZadarmaApi } from '../zadarma/api.ts'
import { type Check, checkZadarma, isForOthersOnly } from '../zadarma/check.ts'
import { createZadarmaClient } from '../zadarma/client.ts'
import { connectZadarma } from '../zadarma/connect.ts'
import { askEcho } from '../zadarma/echo.ts'
import { shownUrl, webhookUrl } from '../zadarma/webhook-url.ts'
import { checkTable } from './check-table.ts'
import type { Surroundings } from './command.ts'
import { readWholePeriod } from './period.ts'
import { json, type Terminal } from './terminal.ts'
import { UsageError } from './usage.ts'
import { reconcilePeriod } from './zadarma-reconcile.ts'

const URL_OPTION = '--url <address>'

/** `zadarma check`, `zadarma connect`, `zadarma reconcile`. */
export function addZadarmaCommands(program: Command, surroundings: Surroundings): void {
  const zadarma = program.command('zadarma').description('the account at Zadarma')

  zadarma
    .command('check')
    .description('whether everything is set up for calls to come; exit code 1 where something is wrong')
    .option(URL_OPTION, 'where First Call is reached from outside; without it, the address that is set is looked at')
    .option('--json', 'for machines')
    .action((options: { url?: string; json?: true }) => {
      const settings = surroundings.config().zadarma
      const webhook = options.url === undefined ? null : webhookOf(options.url, settings)
      return check(settings, webhook, options.json === true, surroundings)
    })

  zadarma
    .command('connect')
    .description('lets Zadarma notify First Call of all calls, then checks')
    .requiredOption(URL_OPTION, 'where First Call is reached from outside, such as https://crm.example.com')
    .option('--json', 'for machines')
    .action(async (options: { url: string; json?: true }) => {
      const settings = surroundings.config().zadarma
      const webhook = webhookOf(options.url, settings)
      await connect(settings, webhook, surroundings)
      return check(settings, webhook, options.json === true, surroundings)
    })

  zadarma
    .command('reconcile')
    .description('brings in, from the statistics, the calls of a period that notifications did not tell of')
    .requiredOption('--from <moment>', 'a day such as 2026-03-01, or a time; by the account’s clock')
    .requiredOption('--to <moment>', 'the day or time after the last one')
    .option('--json', 'for machines')
    .action(async (options: { from: string; to: string; json?: true }) => {
      const settings = surroundings.config().zadarma
      const api = neededApi(settings, surroundings.terminal)
      return reconcilePeriod(readWholePeriod(options, settings.timezone), api, options.json === true, surroundings)
    })
}

async function check(
  zadarma: ZadarmaConfig,
  webhook: string | null,
  isForMachines: boolean,
  { terminal, signal, fail }: Surroundings,
): Promise<void> {
  const checks: Check[] = await checkZadarma({ api: apiOf(zadarma, terminal), zadarma, webhook, signal })
  const hasFaults = checks.some(({ ok }) => ok === false)
  terminal.print(isForMachines ? json({ ok: !hasFaults, checks }) : checkTable(checks, terminal.paint))
  if (hasFaults) fail()
}

async function connect(zadarma: ZadarmaConfig, webhook: string, { terminal, signal }: Surroundings): Promise<void> {
  const api = neededApi(zadarma, terminal)
  const shown = shownUrl(webhook, zadarma.webhookPathSecret)
  const echo = await askEcho(webhook, signal)
  // Zadarma asks itself, too: an address that does not answer would be refused in fewer words.
  if (echo.is === 'other' && !isForOthersOnly(echo.status, zadarma.allowedIps)) {
    throw new Error(
      `${shown} is not First Call: ${echo.detail}. Start First Call with this configuration, and see that the name ` +
        'leads to it; nothing was changed at Zadarma.',
    )
  }
  await connectZadarma(api, webhook, { signal })
  terminal.note(`Zadarma now notifies ${shown}.`)
}

function webhookOf(base: string, { webhookPathSecret }: ZadarmaConfig): string {
  const webhook = webhookUrl(base, webhookPathSecret)
  if (webhook !== null) return webhook
  throw new UsageError('--url must be an address such as https://crm.example.com, without a query or a password.')
}

/** A person waits: what does not answer is given up sooner than by the service. */
const LIMITS = { tries: 2, timeoutMs: 15_000 }

function neededApi(zadarma: ZadarmaConfig, terminal: Terminal): ZadarmaApi {
  const api = apiOf(zadarma, terminal)
  if (api !== null) return api
  throw new Error('ZADARMA_KEY and ZADARMA_SECRET are not set. Make a key in the account’s pages, and set both.')
}

function apiOf({ key, secret, apiUrl }: ZadarmaConfig, terminal: Terminal): ZadarmaApi | null {
  if (key === null || secret === null) return null
  const log = { warn: (_: object, message: string) => terminal.note(`${message} …`) }
  return createZadarmaApi(createZadarmaClient({ key, secret, apiUrl, log, limits: LIMITS }))
}
