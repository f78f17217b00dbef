import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { delimiterOf } from './csv.ts'
import { TransferError } from './error.ts'
import { RejectedLines } from './rejected.ts'
import { rowsOf, sourceOf } from './rows.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-rows-'))
})

afterAll(() => rm(folder, { recursive: true }))

async function fileOf(content: string | Buffer): Promise<string> {
  const file = path.join(folder, 'file.csv')
  await writeFile(file, content)
  return file
}

async function read(content: string | Buffer) {
  const source = await sourceOf(await fileOf(content))
  const rows = []
  for await (const { line, cells, fault } of rowsOf(source))
    rows.push(fault === null ? [line, ...cells] : [line, fault])
  return { encoding: source.encoding, delimiter: source.delimiter, names: source.names, rows }
}

const MARK = '\ufeff'

describe('a file is read whichever way it was saved', () => {
  const names = ['nombre', 'notas']
  const rows = [
    [2, 'José', 'una\r\ny otra'],
    [4, 'Ana', 'dijo "no"; €'],
  ]
  const csv = (delimiter: string) =>
    `nombre${delimiter}notas\r\nJosé${delimiter}"una\r\ny otra"\r\nAna${delimiter}"dijo ""no""; €"\r\n`
  const latin = Buffer.from(csv(';').replaceAll('€', '\u0080'), 'latin1')

  it.each<[string, string | Buffer, string, string]>([
    ['UTF-8', csv(','), 'utf-8', ','],
    ['UTF-8 with its mark', `${MARK}${csv(';')}`, 'utf-8', ';'],
    ['Windows-1252', latin, 'windows-1252', ';'],
    ['UTF-16 with tabs, Excel’s "Unicode text"', Buffer.from(`${MARK}${csv('\t')}`, 'utf16le'), 'utf-16le', '\t'],
    ['UTF-16, the other way round', Buffer.from(`${MARK}${csv('\t')}`, 'utf16le').swap16(), 'utf-16be', '\t'],
  ])('%s', async (_, content, encoding, delimiter) => {
    expect(await read(content)).toEqual({ encoding, delimiter, names, rows })
  })

  it('with `sep=`, which counts as a line', async () => {
    const { delimiter, rows: found } = await read(`${MARK}sep=|\r\na|b;c\r\n1|2;3\r\n`)
    expect({ delimiter, found }).toEqual({ delimiter: '|', found: [[3, '1', '2;3']] })
  })

  it('with the line ends of Unix, and of old Macs', async () => {
    expect((await read('a;b\n1;2\n\n3;4')).rows).toEqual([
      [2, '1', '2'],
      [4, '3', '4'],
    ])
    expect((await read('a;b\r1;2\r3;4\r')).rows).toEqual([
      [2, '1', '2'],
      [3, '3', '4'],
    ])
  })
})

it('what stands between cells is what the heading has most of, outside of quotes', () => {
  expect(delimiterOf('"a,b,c";d;e\n1,2,3,4,5,6')).toBe(';')
  expect(delimiterOf('alone\n1;2;3')).toBe(';')
})

it('leaves out what Excel leaves at the end of lines and of files', async () => {
  expect(await read('a;b;;\r\n1;2;;\r\n;;;\r\n')).toMatchObject({ names: ['a', 'b'], rows: [[2, '1', '2', '', '']] })
})

it('a line with other cells than the heading is not guessed at', async () => {
  expect((await read('a,b,c\n1,2,3,4\n5,6\n7,8,9\n1,2')).rows).toEqual([
    [2, 'has 4 cells, and the heading 3: is there a delimiter in a cell without quotes?'],
    [3, 'has 2 cells, and the heading 3: is the file cut off, or a line break in a cell without quotes?'],
    [4, '7', '8', '9'],
    [5, 'has 2 cells, and the heading 3: is the file cut off, or a line break in a cell without quotes?'],
  ])
})

it('a quote within a cell is one, also where nobody doubled it', async () => {
  expect((await read('a,b\n5" de tubo,x\n')).rows).toEqual([[2, '5" de tubo', 'x']])
})

describe('JSON Lines', () => {
  it('are known by their first letter; names are those of all lines', async () => {
    expect(await read(`${MARK}{"b":1}\n\n  {"a":"á","__proto__":2}\r\n`)).toEqual({
      encoding: 'utf-8',
      delimiter: null,
      names: ['b', 'a', '__proto__'],
      rows: [
        [1, 1, undefined, undefined],
        [3, undefined, 'á', 2],
      ],
    })
  })

  it('a line that is cut off, no object, or far too long is told, and the rest goes on', async () => {
    const long = JSON.stringify({ a: 'x'.repeat(2 * 1024 * 1024) })
    expect((await read(`{"a":1}\n[1]\n${long}\n{"a":2}\n{"a":`)).rows).toEqual([
      [1, 1],
      [2, 'is not a JSON object; is the file cut off?'],
      [3, 'has more than 1048576 characters'],
      [4, 2],
      [5, 'is not a JSON object; is the file cut off?'],
    ])
  })
})

it('a line as deep as it is long is told, and the rest goes on', async () => {
  const deep = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
  const { rows } = await read(
    `{"a":1}\n${deep(200_000)}\n${JSON.stringify({ a: `${'['.repeat(500)}\\"` })}\n${deep(99)}\n`,
  )
  expect(rows.map(([line, cell]) => (typeof cell === 'object' ? [line] : [line, cell]))).toEqual([
    [1, 1],
    [2, 'has more than 100 brackets one in another'],
    [3, `${'['.repeat(500)}\\"`],
    [4],
  ])
})

describe('a file that cannot be taken is refused with a sentence', () => {
  it.each<[string, string | Buffer, string]>([
    ['empty', '', 'is empty.'],
    ['a workbook', Buffer.from('504b030414000600', 'hex'), 'is an Excel workbook. Save it in Excel as "CSV UTF-8".'],
    ['UTF-16 without its mark', Buffer.from('a;b\r\n1;2', 'utf16le'), 'is no text, or UTF-16 without its mark'],
    ['an array of JSON', '[{"a":1}]', 'is one array of JSON. Write one object a line: jq -c'],
    ['two columns of one name', 'a;b;a\n1;2;3', 'has two columns that are called "a". Rename one of them.'],
    [
      'a quote that is never closed',
      'a;b\n1;2\n3;"4\n5;6\n',
      'line 3: a cell there begins with a quote that is not closed',
    ],
    [
      'a huge cell',
      `a;b\n1;2\n3;"${'x'.repeat(2 * 1024 * 1024)}"\n`,
      'line 3: the line that begins there has more than 1048576',
    ],
    [
      'a mixture of encodings',
      Buffer.concat([Buffer.from('nombre\nJosé\nMuñoz\n'), Buffer.from('Peña\n', 'latin1')]),
      'is in UTF-8, but for one line: line 4 is not.',
    ],
    [
      'more names than a table has',
      Array.from({ length: 1_100 }, (_, number) => `{"${number}":1}`).join('\n'),
      'has more than 1000 columns',
    ],
  ])('%s', async (_, content, sentence) => {
    await expect(read(content)).rejects.toThrow(sentence)
  })

  it('a folder', async () => {
    await expect(sourceOf(folder)).rejects.toThrow('is no ordinary file')
  })
})

const quoted = (cell: string, delimiter: string): string =>
  cell.includes(delimiter) || /["\r\n]/.test(cell) || cell.trim() !== cell ? `"${cell.replaceAll('"', '""')}"` : cell

/** Cells of which a line says something, so that it is one. */
const cells = fc
  .array(
    fc.string({ unit: fc.constantFrom('a', 'ñ', '€', '"', ';', ',', '\t', '\n', '\r\n', ' ', '=', '\ud83d\ude00') }),
    {
      minLength: 3,
      maxLength: 3,
    },
  )
  .map(([first = '', ...rest]) => [`x${first}`, ...rest])

it('whatever is written as CSV is read as it was, and so is what was rejected of it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(cells, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(';', ',', '\t'),
      async (table, delimiter) => {
        const line = (row: readonly string[]): string => row.map((cell) => quoted(cell, delimiter)).join(delimiter)
        const file = await fileOf(
          `${MARK}${['a', 'b', 'c'].join(delimiter)}\r\n${table.map((row) => `${line(row)}\r\n`).join('')}`,
        )
        const source = await sourceOf(file)
        const rejected = new RejectedLines(source)
        const read: unknown[] = []
        for await (const row of rowsOf(source)) {
          read.push(row.cells)
          await rejected.add(row, [{ column: 'a', reason: `"${delimiter}` }])
        }
        expect(read).toEqual(table)
        const again = await rejected.finish()
        const rows = []
        for await (const row of rowsOf(await sourceOf(again ?? ''))) rows.push(row.cells.slice(2))
        expect(rows).toEqual(table)
        await rm(again ?? '')
      },
    ),
    { numRuns: 60 },
  )
})

it('no bytes whatever bring the reading down: they are lines, faults, or a sentence', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    fc
      .string({ unit: fc.constantFrom('{', '}', '"', ';', '\n', 'a', ':', '[', '\\', 'é') })
      .map((text) => Buffer.from(text, 'latin1')),
  )
  await fc.assert(
    fc.asyncProperty(bytes, async (content) => {
      const ended = await read(Buffer.from(content)).catch((error: unknown) => error)
      if (ended instanceof Error) expect(ended).toBeInstanceOf(TransferError)
    }),
    { numRuns: 150 },
  )
})
