import { SingleBar } from 'cli-progress'
import type { Terminal } from './terminal.ts'

const LINE_EVERY_MS = 10_000
const FORMAT = '{bar} {percentage} % · {value} of {total} {unit} · {rate}/s · {left} left'

/** How far a long work is: a bar where somebody watches, else a line every ten seconds. */
export interface Progress {
  /** @param done of the total, those of before the work began among them */
  show(done: number): void
  /** Takes the bar away. */
  end(): void
}

/**
 * Begins to show how far a work is that takes a while.
 *
 * @param unit what is counted, in the plural
 * @param before how much of the total was done before
 */
export function showProgress(
  { watched, note }: Terminal,
  { unit, total, before }: { unit: string; total: number; before: number },
): Progress {
  const startedAt = performance.now()
  let toldAt = startedAt
  const facts = (done: number) => {
    const rate = (done - before) / ((performance.now() - startedAt) / 1_000)
    return { unit, rate: spaced(Math.round(rate)), left: duration((total - done) / rate) }
  }
  if (watched === null) {
    return {
      show: (done) => {
        if (performance.now() - toldAt < LINE_EVERY_MS) return
        toldAt = performance.now()
        const { rate, left } = facts(done)
        note(`${spaced(done)} of ${spaced(total)} ${unit}, ${rate}/s, ${left} left`)
      },
      end: () => undefined,
    }
  }
  const bar = new SingleBar({
    stream: watched,
    format: FORMAT,
    formatValue: (value) => spaced(value),
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    // The work waits for no clock to be drawn.
    gracefulExit: false,
  })
  bar.start(total, before, facts(before))
  return {
    show: (done) => {
      // What came meanwhile counts, too.
      if (done > bar.getTotal()) bar.setTotal(done)
      bar.update(done, facts(done))
    },
    end: () => bar.stop(),
  }
}

/** With a space before each three digits. */
export const spaced = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ' ')

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  const whole = Math.max(0, Math.ceil(seconds))
  return whole < 120 ? `${whole} s` : `${Math.ceil(whole / 60)} min`
}
