import type { Check } from '../zadarma/check.ts'
import { printable, type Terminal } from './terminal.ts'

/** Ticks and crosses, with what to do below each that asks for something. */
export function checkTable(checks: readonly Check[], paint: Terminal['paint']): string {
  const width = Math.max(...checks.map(({ what }) => what.length))
  const lines = checks.flatMap(({ what, ok, detail, todo }) => [
    `${mark(ok, paint)} ${what.padEnd(width)}  ${printable(detail)}`,
    ...(todo === null ? [] : [`  ${' '.repeat(width)}  → ${printable(todo)}`]),
  ])
  return `${lines.join('\n')}\n`
}

function mark(ok: Check['ok'], paint: Terminal['paint']): string {
  if (ok === null) return paint('dim', '·')
  return ok ? paint('green', '✓') : paint('red', '✗')
}
