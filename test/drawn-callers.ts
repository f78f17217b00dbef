import { ROLES } from '../src/auth/access.ts'
import { makeKey } from './keys.ts'
import { enter, invited, keep, openBrowser } from './people.ts'
import { KEY, type TestService } from './service.ts'
import type { Random } from './zadarma/random.ts'

/* Who asks: keys and people of each role, and whoever is none of them. */

export interface DrawnCaller {
  name: string
  /** What it sends beside the request. */
  headers: () => Promise<Record<string, string>>
  /** It has been answered; a browser keeps its cookies. */
  answered?: (path: string, headers: Record<string, unknown>) => void
}

/** Headers that open nothing, and what may be looked for in them. */
const ODD_KEYS = ['Bearer', 'Bearer ', 'Basic eDp5', `Bearer ${'x'.repeat(500)}`, 'Bearer ÿ', `Digest ${KEY}`, '']
const ODD_COOKIES = [
  '',
  '=; ;;',
  'first_call',
  'first_call=.',
  'first_call=%ff.%ff',
  'first_call=a.b; first_call=c.d',
  `first_call=${'x'.repeat(5_000)}`,
  'first_call_two_factor=%00.x',
  '__proto__=1',
]
const PAGE = { host: '127.0.0.1', origin: 'http://127.0.0.1', 'sec-fetch-site': 'same-origin' }
const OTHER_PAGE = { host: '127.0.0.1', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }

/** Everybody who may ask, by what they are; those with a session are given another where it is over. */
export async function callersOf(service: TestService, random: Random): Promise<DrawnCaller[]> {
  const keys = await Promise.all(
    ROLES.map(async (role): Promise<DrawnCaller> => {
      const { headers } = await makeKey(service, { role })
      return { name: `a key of the role ${role}`, headers: async () => headers }
    }),
  )
  // The person of a key may be another system's, whose ids are any text.
  const { headers: ofOther } = await makeKey(service, { role: 'agent', user_id: 'agent 7' })
  const people = await Promise.all(ROLES.map((role) => personOf(service, random, role)))
  return [
    ...keys,
    { name: 'a key of another system’s person', headers: async () => ofOther },
    ...people,
    atTheDoor(service),
    {
      name: 'nobody',
      headers: async (): Promise<Record<string, string>> =>
        random.chance(0.5) ? { authorization: random.pick(ODD_KEYS) } : { ...PAGE, cookie: random.pick(ODD_COOKIES) },
    },
  ]
}

async function personOf(service: TestService, random: Random, role: (typeof ROLES)[number]): Promise<DrawnCaller> {
  const person = await invited(service, { role })
  const browser = openBrowser(service.app)
  let isIn = false
  return {
    name: `a person of the role ${role}`,
    headers: async () => {
      if (!isIn) await enter(service, browser, person)
      isIn = true
      const page = random.chance(0.9) ? PAGE : OTHER_PAGE
      return { ...page, cookie: `first_call=${browser.cookies.get('first_call')}` }
    },
    answered: (path) => {
      if (path.startsWith('/api/auth/')) isIn = false
    },
  }
}

/** A browser at which somebody may log in, and out. */
function atTheDoor(service: TestService): DrawnCaller {
  const { cookies } = openBrowser(service.app)
  return {
    name: 'a browser',
    headers: async () => ({ ...PAGE, cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
    answered: (_, headers) => {
      for (const line of [headers['set-cookie'] ?? []].flat()) keep(cookies, String(line))
    },
  }
}
