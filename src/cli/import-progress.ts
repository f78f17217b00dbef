import type { Progress } from '../transfer/import.ts'
import type { Terminal } from './terminal.ts'

const SHOWN_EVERY_MS = 200
const NOTED_EVERY_MS = 10_000

/** Shows how far a long work is: on one line where somebody watches, else in a line every ten seconds. */
export function progressOf(terminal: Terminal) {
  const startedAt = performance.now()
  let phase: { isWriting: boolean; startedAt: number } | null = null
  let shownAt = 0
  let notedAt = startedAt
  const show = ({ isWriting, readBytes, sizeBytes, lines }: Progress): void => {
    const now = performance.now()
    if (phase?.isWriting !== isWriting) phase = { isWriting, startedAt: now }
    if (now - shownAt < SHOWN_EVERY_MS) return
    shownAt = now
    const seconds = Math.max((now - phase.startedAt) / 1_000, 0.001)
    const part = sizeBytes === 0 ? 1 : Math.min(readBytes / sizeBytes, 1)
    const left = part === 0 ? '' : `, ${clock((seconds * (1 - part)) / part)} left`
    const words = `${isWriting ? 'written' : 'looked at'}: ${Math.floor(100 * part)} %, ${lines} lines, ${Math.round(lines / seconds)}/s${left}`
    if (terminal.watched !== null) terminal.progress(words)
    else if (now - notedAt >= NOTED_EVERY_MS) {
      notedAt = now
      terminal.note(words)
    }
  }
  return { show, end: () => terminal.progress('') }
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
