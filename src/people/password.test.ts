import { expect, it } from 'vitest'
import { passwordFault } from './password.ts'

const ABOUT = ['Marisol Vega', 'mvega@talleres-norte.example']
const COMMON = 'is one of those that everybody tries; take another'

it.each([
  'password1234',
  'P@ssw0rd!2024',
  'contraseña2025',
  'CONTRASENA.1234',
  'qwertyuiop12',
  'qwertyuiopasdfgh',
  '123456789012',
  '098765432109',
  'abcdefghijkl',
  'aaaaaaaaaaaa',
  'abcabcabcabc',
  'iloveyou2024!',
  'teamo mi amor',
  'admin-admin-admin',
  'Bienvenido 123',
  'marisol vega 1',
  'talleresnorte',
  'correct horse battery staple',
  '1qaz2wsx3edc',
])('%s is refused', (password) => {
  expect(passwordFault(password, ABOUT)).toBe(COMMON)
})

it.each([
  'cuatro gatos grises en 1 tejado',
  'kX9#vv2!pQz7',
  'a8#92!71$44%i',
  '83920184750192',
  'gruñón trébol ñandú',
  '密码很长而且很奇怪的一句话',
])('%s is taken', (password) => {
  expect(passwordFault(password, ABOUT)).toBeNull()
})

it('has 12 to 128 characters', () => {
  const sound = 'kX9#vv2!pQz7'
  expect(passwordFault(sound.slice(1), ABOUT)).toBe('has fewer than 12 characters')
  expect(passwordFault(sound.repeat(11), ABOUT)).toBe('has more than 128 characters')
})

it('takes no time to speak of, however it is written', () => {
  const before = process.cpuUsage()
  for (const part of ['a', 'abcd', 'qwerty', '1234567890', 'adminadmin'])
    passwordFault(part.repeat(128).slice(0, 128), ABOUT)
  expect(process.cpuUsage(before).user).toBeLessThan(500_000)
})
