import { ACCESS, type Access, ROLES } from '../src/auth/access.ts'
import type { Role } from '../src/auth/caller.ts'

/** Between these lines a document has the table. */
const TABLE_BEGINS = '<!-- who may do what: written by `npm run access` from src/auth/access.ts -->'
const TABLE_ENDS = '<!-- end of who may do what -->'

/** What has nothing of anybody's leads. */
const OF_ALL: ReadonlySet<string> = new Set(['GET /api/crm/people', 'GET /api/crm/settings'])

const rowOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

function cellsOf(route: string, access: Access): string[] {
  if (access === 'open') return ['open', ...ROLES.map(() => 'yes')]
  if (access === 'signature') return ['by the PBX’s signature', ...ROLES.map(() => '')]
  if (access === 'local or key') return ['on loopback without a proxy', ...ROLES.map(() => 'yes')]
  const isOwn = route.includes(' /api/crm/') && !OF_ALL.has(route)
  const yes = (role: Role): string => (role === 'agent' && isOwn ? 'own' : 'yes')
  if (access === 'session') return ['', ...ROLES.map(() => 'logged in')]
  return ['', ...ROLES.map((role) => (access.includes(role) ? yes(role) : ''))]
}

/** The table of who may do what, in Markdown. */
function accessTable(): string {
  const heads = ['route', 'without key', ...ROLES]
  const rows = Object.entries(ACCESS).map(([route, access]) => [`\`${route}\``, ...cellsOf(route, access)])
  return [heads, heads.map(() => '---'), ...rows].map(rowOf).join('\n')
}

/**
 * Puts the table in its place.
 *
 * @throws where the document has no place for it
 */
export function withAccessTable(document: string): string {
  const [before, rest] = document.split(`${TABLE_BEGINS}\n`)
  const [, after] = rest?.split(TABLE_ENDS) ?? []
  if (before === undefined || after === undefined) throw new Error('The document has no place for the table.')
  return `${before}${TABLE_BEGINS}\n\n${accessTable()}\n\n${TABLE_ENDS}${after}`
}
