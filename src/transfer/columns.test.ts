import { expect, it } from 'vitest'
import { columnsFor } from './columns.ts'
import type { Kind } from './fields.ts'

const columns = (kind: Kind, names: string[], map: Record<string, string | null> = {}) =>
  columnsFor(kind, names, new Map(Object.entries(map)))

it('knows columns by our names and by the usual ones, whatever their case and accents', () => {
  expect(columns('contacts', ['ID', 'Nombre', 'APELLIDOS', 'Teléfono', 'Móvil', 'Correo electrónico', 'Zzz'])).toEqual({
    fields: ['id', 'name', 'name', 'phones', 'phones', 'email', null],
    unknown: ['Zzz'],
    derived: [],
  })
})

it('our own name goes before a usual one', () => {
  const { fields, unknown } = columns('calls', ['started_at', 'Fecha', 'direction'])
  expect({ fields, unknown }).toEqual({ fields: ['started_at', null, 'direction'], unknown: ['Fecha'] })
})

it('--map wins over both, and leaves out without a word', () => {
  const map = { teléfono: null, 'Campo 7': 'phones', name: 'name' }
  expect(columns('contacts', ['name', 'Telefono', 'campo_7'], map)).toEqual({
    fields: ['name', null, 'phones'],
    unknown: [],
    derived: [],
  })
})

it('what First Call keeps by itself is told, and so is nothing that it wrote itself', () => {
  const names = ['contact_id', 'last_contact_attempt_at', 'revision', 'rejected_line', 'rejected_because']
  expect(columns('opportunities', names)).toEqual({
    fields: ['contact_id', null, null, null, null],
    unknown: [],
    derived: ['last_contact_attempt_at', 'revision'],
  })
})

it.each<[string, Kind, string[], Record<string, string | null>, string]>([
  [
    'a missing field',
    'calls',
    ['id', 'sentidoo'],
    {},
    'The file has no column for direction. Its columns are "id", "sentidoo"',
  ],
  [
    'two columns for one',
    'calls',
    ['direction', 'notas', 'Observaciones'],
    {},
    '"notas", "Observaciones" would all be resumen_llamada.',
  ],
  ['a column that is not there', 'contacts', ['name'], { nombr: 'name' }, '--map: the file has no column "nombr".'],
  [
    'a field that is not there',
    'contacts',
    ['name'],
    { name: 'nam' },
    '--map: contacts have no field "nam". They have id, name,',
  ],
  [
    'a name of JavaScript',
    'contacts',
    ['name', 'constructor'],
    { constructor: 'toString' },
    'have no field "toString"',
  ],
])('refuses %s with a sentence', (_, kind, names, map, sentence) => {
  expect(() => columns(kind, names, map)).toThrow(sentence)
})

it('names of JavaScript are columns like any other', () => {
  expect(columns('contacts', ['name', '__proto__', 'constructor']).unknown).toEqual(['__proto__', 'constructor'])
})
