import type { Chance } from './chance.ts'

/* Made-up people. Their numbers are in ranges that look like real ones, and belong to nobody who is meant. */

/** Who works with First Call. */
export const TEAM = [
  { name: 'Lucía Romero', email: 'lucia@demo.example', role: 'admin' },
  { name: 'Marta Iglesias', email: 'marta@demo.example', role: 'manager' },
  { name: 'Ana Castillo', email: 'ana@demo.example', role: 'agent' },
  { name: 'Diego Navarro', email: 'diego@demo.example', role: 'agent' },
  { name: 'Nuria Ferrer', email: 'nuria@demo.example', role: 'agent' },
  { name: 'Pablo Ortega', email: 'pablo@demo.example', role: 'agent' },
  { name: 'Sofía Molina', email: 'sofia@demo.example', role: 'agent' },
] as const

const FIRST = [
  'María', 'Carmen', 'Josefa', 'Isabel', 'Laura', 'Cristina', 'Elena', 'Rocío', 'Beatriz', 'Alba',
  'Antonio', 'Manuel', 'José Luis', 'Javier', 'Alejandro', 'Sergio', 'Rubén', 'Álvaro', 'Íñigo', 'Óscar',
] as const // biome-ignore format: a list
const LAST = [
  'García', 'Fernández', 'González', 'Rodríguez', 'López', 'Martínez', 'Sánchez', 'Pérez', 'Gómez', 'Jiménez',
  'Muñoz', 'Álvarez', 'Núñez', 'Ibáñez', 'Echevarría', 'Puig', 'Castro', 'Vázquez', 'Serrano', 'Domínguez',
] as const // biome-ignore format: a list

/** From elsewhere: name, beginning of the number, further digits, zone. */
const ABROAD = [
  ['Oliver Whitfield', '+447700900', 3, 'Europe/London'],
  ['Siobhán Ní Bhriain', '+35385000', 4, 'Europe/Dublin'],
  ['Jürgen Groß', '+4915112345', 3, 'Europe/Berlin'],
  ['Zoë Müller-Lüdenscheidt', '+4917012345', 3, 'Europe/Berlin'],
  ['Élodie Lefèvre', '+3361234', 4, 'Europe/Paris'],
  ['João Gonçalves', '+351912345', 3, 'Europe/Lisbon'],
  ['Giulia D’Angelo', '+39320123', 4, 'Europe/Rome'],
  ['Łukasz Wiśniewski', '+48512345', 3, 'Europe/Warsaw'],
  ['Ana Lucía Quispe Mamani', '+519123456', 2, 'America/Lima'],
  ['Ximena Hernández Ávila', '+52551234', 4, 'America/Mexico_City'],
  ['Thiago da Silva', '+551191234', 4, 'America/Sao_Paulo'],
  ['Ngozi Okonkwo', '+234803123', 4, 'Africa/Lagos'],
  ['يوسف بن علي', '+21266123', 4, 'Africa/Casablanca'],
  ['נועה כהן', '+97250123', 4, 'Asia/Jerusalem'],
  ['Ольга Кравченко', '+38050123', 4, 'Europe/Kyiv'],
  ['王小明', '+86138001', 5, 'Asia/Shanghai'],
] as const

export interface MadeUpContact {
  name: string
  phone: string
  email: string | null
  timezone: string
}

/** Somebody who might buy: mostly from Spain. */
export function drawContact(chance: Chance, number: number): MadeUpContact {
  const digits = (count: number): string => Array.from({ length: count }, () => chance.between(0, 9)).join('')
  if (chance.number() < 0.12) {
    const [name, begin, more, timezone] = chance.one(ABROAD)
    return { name, phone: begin + digits(more), email: null, timezone }
  }
  const name = `${chance.one(FIRST)} ${chance.one(LAST)} ${chance.one(LAST)}`
  // Four digits by the place, so that nobody shares a number by chance.
  const phone = `+346${chance.between(10, 99)}${String(number).padStart(4, '0')}${digits(2)}`
  const plain = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().split(' ')
  const email = chance.number() < 0.7 ? `${plain[0]}.${plain.at(-1)}${number}@correo.example` : null
  return { name, phone, email, timezone: 'Europe/Madrid' }
}
