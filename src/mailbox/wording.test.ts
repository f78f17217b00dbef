import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../config.ts'
import { loadWording } from './wording.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

async function fileOf(content: unknown): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'first-call-wording-'))
  folders.push(folder)
  const file = path.join(folder, 'patterns.json')
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

/** The faults of a user's file, without its name. */
async function faultsOf(content: unknown): Promise<readonly string[]> {
  const file = await fileOf(content)
  try {
    loadWording(file)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.faults.map((fault) => fault.replace(file, 'FILE'))
  }
}

const shipped = loadWording(null)

it('the shipped wording is read like a user’s', () => {
  expect(shipped.patterns.phone_number.map((list) => list.length)).toStrictEqual([0, expect.any(Number)])
  expect(shipped.months.get('marzo')).toBe(3)
  expect(shipped.months.get('march')).toBe(3)
  expect(shipped.directions.get('saliente')).toBe('outbound')
  expect(shipped.durationUnits.get('horas')).toBe(3_600)
})

describe('a user’s file', () => {
  it('may hold nothing', async () => {
    expect(loadWording(await fileOf({}))).toStrictEqual(shipped)
  })

  it('adds patterns before ours and words to ours', async () => {
    const pattern = 'Kunde: (?<value>.+)'
    const own = loadWording(
      await fileOf({
        patterns: { phone_number: [pattern] },
        directions: { outbound: ['Ausgehend'], inbound: ['saliente'] },
        months: { 3: ['MÄRZ'] },
        day_parts: { pm: ['nachmittags'] },
        duration_units: { seconds: ['sek'] },
        between_date_and_time: ['um'],
      }),
    )
    expect(own.patterns.phone_number[0]?.map(({ source }) => source)).toStrictEqual([pattern])
    expect(own.patterns.phone_number[1]).toStrictEqual(shipped.patterns.phone_number[1])
    expect(own.directions.get('ausgehend')).toBe('outbound')
    expect(own.directions.get('saliente')).toBe('inbound')
    expect(own.months.get('märz')).toBe(3)
    expect(own.dayParts.get('nachmittags')).toBe('pm')
    expect(own.durationUnits.get('sek')).toBe(1)
    expect(own.betweenDateAndTime).toContain('um')
  })

  it('may tell where a line begins and ends', async () => {
    const own = loadWording(await fileOf({ patterns: { phone_number: ['^Kunde (?<value>.+)$'] } }))
    const [[pattern = /never/] = []] = own.patterns.phone_number
    expect(pattern.exec('Hallo,\nKunde 612 345 678\nDauer 12 s')?.groups?.value).toBe('612 345 678')
  })

  it('is refused with all its faults, a sentence each', async () => {
    const faults = await faultsOf({
      patterns: {
        phone_number: ['Kunde: (?<value>.+)', 'Kunde: (.+)', 'Kunde: (?<value>['],
        extension: 'Durchwahl: (?<value>.+)',
        colour: [],
        left_out: ['x*'],
      },
      months: { 13: ['Undecember'], 3: [5] },
      directions: { outbound: [' '] },
      words: [],
    })
    expect(faults.toSorted()).toStrictEqual([
      'FILE: directions.outbound[0] must not be empty.',
      'FILE: months.13 is nothing that is known here.',
      'FILE: months.3[0] must be a text.',
      'FILE: patterns.colour is nothing that is known here.',
      'FILE: patterns.extension must be a list.',
      'FILE: patterns.left_out[0] must not fit an empty text.',
      'FILE: patterns.phone_number[1] must have a group named value, as in "Cliente: (?<value>.+)".',
      expect.stringMatching(/^FILE: patterns\.phone_number\[2\] is no regular expression: .+\.$/),
      'FILE: words is nothing that is known here.',
    ])
  })

  it('is refused where words that are looked up one by one are several', async () => {
    expect(
      await faultsOf({ directions: { outbound: ['hacia fuera', 'fuera'] }, call_words: ['la llamada'] }),
    ).toStrictEqual([
      'FILE: call_words[0] must be one word of letters only.',
      'FILE: directions.outbound[0] must be one word of letters only.',
    ])
  })

  it.each([
    ['[]', 'FILE: the file must be an object.'],
    ['{"patterns": []}', 'FILE: patterns must hold lists of patterns by name.'],
    ['{', expect.stringMatching(/^FILE, which MAIL_PATTERNS names, is no JSON: .+\.$/)],
  ])('is refused where it is %s', async (content, fault) => {
    expect(await faultsOf(content)).toStrictEqual([fault])
  })

  it('is refused where it is not there', () => {
    expect(() => loadWording('/nowhere/patterns.json')).toThrow(
      /^\/nowhere\/patterns.json, which MAIL_PATTERNS names, cannot be read: ENOENT/,
    )
  })
})
