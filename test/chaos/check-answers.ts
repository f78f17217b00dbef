import { isAcknowledged } from './recorder.ts'
import type { Witness } from './witness.ts'

const EXPECTED = new Set([200, 201, 204, 404, 409, 410, 503])

/** R12, R14: what no caller is ever answered, whatever happens. */
export function violationsOfAnswers({ exchanges, told }: Witness): string[] {
  const wrongs: string[] = []
  for (const { method, path, status, retryAfter, answer } of exchanges) {
    const asked = `${method} ${path}`
    if (status !== null && !EXPECTED.has(status)) wrongs.push(`${asked} was answered ${status}`)
    if (status === 503 && retryAfter === null) wrongs.push(`${asked} was answered 503 without Retry-After`)
    const text = JSON.stringify(answer)
    if (/deadlock|serializ|could not obtain lock|SQLSTATE/i.test(text ?? ''))
      wrongs.push(`${asked} shows a fault: ${text}`)
  }
  for (const { name, creations, deletions, shown } of told.calls.values()) {
    const there = creations.find(isAcknowledged)
    const ids = new Set(shown.map(({ answer }) => answer?.id))
    if (ids.size > 1) wrongs.push(`B12: the call ${name} was answered with several ids: ${[...ids].join(', ')}`)
    if (there === undefined || deletions.length > 0) continue
    const paths = new Set([...ids].map((id) => `/api/crm/calls/${id}`))
    for (const { path, status, sentAt } of deniedOf(exchanges)) {
      if (paths.has(path) && sentAt > (there.answeredAt ?? Infinity))
        wrongs.push(`the call ${name} was acknowledged, and then answered ${status}`)
    }
  }
  return wrongs
}

const denied = new WeakMap<Witness['exchanges'], Witness['exchanges']>()

/** Answers that say that there is no such thing. */
function deniedOf(exchanges: Witness['exchanges']): Witness['exchanges'] {
  const known = denied.get(exchanges) ?? exchanges.filter(({ status }) => status === 404 || status === 410)
  denied.set(exchanges, known)
  return known
}
