import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'

/** The pages that the script in the document shows by address, and the source of what each loads beside it. */
const PAGES = {
  '/': null,
  '/call': 'src/call-now/page.tsx',
  '/leads': 'src/leads/page.tsx',
  '/leads/:id': 'src/lead/page.tsx',
  '/board': 'src/board/page.tsx',
  '/calls': 'src/calls/page.tsx',
  '/review': 'src/review/page.tsx',
  '/coverage': 'src/coverage/page.tsx',
  '/settings': 'src/settings/page.tsx',
  '/settings/:part': 'src/settings/page.tsx',
  '/log-in': 'src/session/log-in-page.tsx',
  '/accept': 'src/session/accept-page.tsx',
} as const satisfies Readonly<Record<string, string | null>>

/** Addresses of pages, as routes are written. */
export const PAGE_ADDRESSES = Object.keys(PAGES) as (keyof typeof PAGES)[]

/** What the build made of each source, as Vite tells it: a file, and the keys of others that are loaded with it. */
const manifest = z.record(
  z.string(),
  z.object({ file: z.string(), imports: z.array(z.string()).default([]), css: z.array(z.string()).default([]) }),
)
type Manifest = z.output<typeof manifest>

/** What every page asks first, but for those of people who are not logged in. */
const ME = '<link rel="preload" href="/api/me" as="fetch" crossorigin>'
const OF_STRANGERS: ReadonlySet<string> = new Set(['/log-in', '/accept'])
const DOCUMENT = 'index.html'

/**
 * The document of each page, by its address. It names all that the page loads, so that a browser asks for it at once and
 * not only when one script after the other wants the next.
 *
 * @param folder where the pages were built
 * @returns null where they were not
 */
export async function readDocuments(folder: string): Promise<ReadonlyMap<string, string> | null> {
  const read = (name: string) => readFile(path.join(folder, name), 'utf8')
  const [document, built] = await Promise.all([
    read(DOCUMENT).catch(() => null),
    // Without it the pages come, if later.
    read('files.json')
      .then((text) => manifest.parse(JSON.parse(text)))
      .catch((): Manifest => ({})),
  ])
  if (document === null) return null
  const first = partsOf(DOCUMENT, built)
  return new Map(
    Object.entries(PAGES).map(([address, source]) => {
      const own = source === null ? [] : [...partsOf(source, built)].filter((part) => !first.has(part))
      const links = [...own.flatMap((key) => linksTo(built[key])), ...(OF_STRANGERS.has(address) ? [] : [ME])]
      return [address, document.replace('</head>', () => `  ${links.join('\n    ')}\n  </head>`)]
    }),
  )
}

/** A part and all that is loaded with it, each after what it needs: its styles win over those. */
function partsOf(key: string, built: Manifest, found = new Set<string>(), begun = new Set<string>()): Set<string> {
  const part = built[key]
  if (part === undefined || begun.has(key)) return found
  begun.add(key)
  for (const other of part.imports) partsOf(other, built, found, begun)
  return found.add(key)
}

const linksTo = (part: Manifest[string] | undefined): string[] =>
  part === undefined
    ? []
    : [
        `<link rel="modulepreload" crossorigin href="/${part.file}">`,
        ...part.css.map((file) => `<link rel="stylesheet" crossorigin href="/${file}">`),
      ]
