import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { styleText } from 'node:util'

/** Where a command says what it has to say. */
export interface Terminal {
  /** What was asked for. */
  print(text: string | Buffer): void
  /** A part of much that was asked for; waits until whoever reads it has come so far. Throws where it cannot be written. */
  send(text: string): Promise<void>
  /** A line of what else a person should know; it is no part of what was asked for. */
  note(line: string): void
  /** How far a long work is, on one line that is written over; nothing where nobody watches. Empty: it is over. */
  progress(line: string): void
  /** What somebody answers to a question; null where nobody can be asked. */
  ask(question: string, signal: AbortSignal): Promise<string | null>
  /** Where a bar may be drawn that is written over; null where nobody watches. */
  watched: NodeJS.WriteStream | null
  /** Coloured where the terminal has colours and NO_COLOR is not set. */
  paint(style: 'green' | 'red' | 'dim' | 'bold', text: string): string
}

/** A terminal on two streams, which may be pipes or files. */
export function createTerminal(
  output: NodeJS.WriteStream,
  messages: NodeJS.WriteStream,
  input: NodeJS.ReadStream | null = null,
): Terminal {
  const isWatched = messages.isTTY === true
  return {
    print: (text) => void output.write(text),
    send: (text) =>
      new Promise((resolve, reject) => {
        output.write(text, (error) => {
          // Whoever has gone is told of elsewhere.
          if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') reject(error)
          else resolve()
        })
      }),
    note: (line) => void messages.write(`${isWatched ? CLEAR_LINE : ''}${printable(line)}\n`),
    progress: (line) => {
      if (isWatched) messages.write(`${CLEAR_LINE}${line}`)
    },
    ask: async (question, signal) =>
      isWatched && input?.isTTY === true ? answerTo(question, input, messages, signal) : null,
    watched: isWatched ? messages : null,
    paint: (style, text) => (output.isTTY === true ? styleText(style, text, { stream: output }) : text),
  }
}

/** A line; an empty one where nothing more comes. */
async function answerTo(
  question: string,
  input: NodeJS.ReadStream,
  messages: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<string> {
  // A terminal of its own would keep Ctrl-C for itself.
  const lines = createInterface({ input, output: messages, terminal: false })
  try {
    const end = once(lines, 'close', { signal }).then(() => '')
    return await Promise.race([lines.question(question, { signal }), end])
  } finally {
    lines.close()
  }
}

const CLEAR_LINE = '\r\u001b[K'

/** What a terminal would obey instead of showing it, and what would turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Text of strangers as it can be shown: on one line, and without commands to the terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Rows in columns that are as wide as they have to be; lines with a line break at the end of each. */
export function table(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(printable))
  const widths = (shown[0] ?? []).map((_, column) => Math.max(...shown.map((row) => widthOf(row[column] ?? ''))))
  return shown
    .map(
      (row) =>
        `${row
          .map((cell, column) => padded(cell, widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

const widthOf = (text: string): number => [...text].length

const padded = (text: string, width: number): string => text + ' '.repeat(width - widthOf(text))

/** For machines: one JSON value, with a line break at its end. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
