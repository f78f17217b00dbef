import { appendFileSync } from 'node:fs'

/**
 * Says what a test has found out of a promise, such as `R5`: on the terminal, and where `FIGURES_FILE` names a file, as
 * a line of JSON in it, for `docs/reliability.md`.
 *
 * @param isControl whether it is of the code that must fail
 */
export function tellFigures(promise: string, sentence: string, isControl = false): void {
  process.stdout.write(`${promise}: ${isControl ? '(control) ' : ''}${sentence}\n`)
  const file = process.env.FIGURES_FILE
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ promise, sentence, isControl })}\n`)
}
