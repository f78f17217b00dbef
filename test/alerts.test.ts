import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { createMetrics } from '../src/metrics.ts'

const rules = async (file: string): Promise<string> =>
  readFile(path.resolve(import.meta.dirname, '../deploy/prometheus', file), 'utf8')

const PARTS_OF_HISTOGRAMS = /_(bucket|sum|count)$/

const unknown = (text: string): string[] => {
  const named = new Set(text.match(/\bfirst_call_[a-z_]+/g))
  const known = new Set(
    createMetrics()
      .registry.getMetricsAsArray()
      .map(({ name }) => name),
  )
  return [...named].filter((name) => !known.has(name) && !known.has(name.replace(PARTS_OF_HISTOGRAMS, '')))
}

it.each(['alerts.yml', 'alerts.test.yml'])('%s names metrics that there are', async (file) => {
  const text = await rules(file)
  expect(unknown(text)).toEqual([])
  expect(unknown(text.replace('first_call_oldest_pending_seconds', 'first_call_oldest_pending'))).toHaveLength(1)
})

it('each alert is shown to fire, and not to fire', async () => {
  const [text, tests] = [await rules('alerts.yml'), await rules('alerts.test.yml')]
  const alerts = [...text.matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
  expect(alerts).toHaveLength(7)
  for (const name of alerts) {
    expect(tests).toMatch(new RegExp(`alertname: ${name},? *\\n? *exp_alerts`))
    expect(tests).toMatch(new RegExp(`alertname: ${name} }`))
  }
})

it('before anything is registered, Prometheus is told that nothing is', async () => {
  expect(await createMetrics().registry.metrics()).toContain('first_call_outcomes_total{outcome="registered"} 0\n')
})
