/*
 * The text of an HTML message as a person reads it, as far as lines and cells tell one fact from the next. In one pass
 * over the text, however broken or hostile it is.
 */

const BLOCKS = new Set(
  'address article aside blockquote body caption center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul'.split(
    ' ',
  ),
)
const UNSEEN = new Set(['head', 'script', 'style', 'template', 'title'])

/**
 * The text of HTML: a line for each block and each row of a table, whose cells are parted by a tab. Where a person sees an
 * empty line, there is one: `<br><br>`, or a block with nothing in it.
 */
export function textOfHtml(html: string): string {
  let text = ''
  let gap: Gap = ''
  let isInEmptyBlock = false
  const isAtLine = (): boolean => gap === '\n'
  const part = (by: Gap): void => {
    if (GAPS.indexOf(by) > GAPS.indexOf(gap)) gap = by
  }
  for (let place = 0; place < html.length; ) {
    const open = html.indexOf('<', place)
    const between = decodeEntities(html.slice(place, open < 0 ? html.length : open)).replace(BLANKS, ' ')
    const words = between.trim()
    if (between.startsWith(' ')) part(' ')
    if (words !== '') {
      text += `${text === '' ? '' : gap}${words}`
      gap = between.endsWith(' ') ? ' ' : ''
      isInEmptyBlock = false
    }
    if (open < 0) break
    const { shown, by, end, edge } = tagAt(html, open)
    if (shown !== '') {
      text += `${gap}${shown}`
      gap = ''
      isInEmptyBlock = false
    }
    const isEmptyLine = edge === 'line' ? isAtLine() : edge === 'end' && isInEmptyBlock
    if (edge !== null) isInEmptyBlock = edge === 'begin'
    part(isEmptyLine && text !== '' ? '\n\n' : by)
    place = end
  }
  return text
}

/** What parts one word from the next; the later ones part more. */
const GAPS = ['', ' ', '\t', '\n', '\n\n'] as const
type Gap = (typeof GAPS)[number]

const BLANKS = /[\s\u00a0]+/g

const MAY_BEGIN_TAG = /[a-z/!?]/i

/** What a tag parts, and where the text goes on after it; or what is shown since it is none. */
function tagAt(html: string, open: number): { shown: string; by: Gap; end: number; edge: Edge | null } {
  const parted = (by: Gap, end: number, edge: Edge | null = null) => ({ shown: '', by, end, edge })
  const asItIs = { shown: '<', by: '', end: open + 1, edge: null } as const
  if (!MAY_BEGIN_TAG.test(html.charAt(open + 1))) return asItIs
  if (html.startsWith('<!--', open)) return parted('', after(html, '-->', open + 4))
  const [, slash, name] = /^<(\/?)([a-z][a-z0-9]{0,15})/i.exec(html.slice(open, open + 20)) ?? []
  const isDeclared = /^<[!/?]/.test(html.slice(open, open + 2))
  if (name === undefined && !isDeclared) return asItIs
  const tag = name?.toLowerCase() ?? ''
  const end = after(html, '>', open)
  if (slash === '' && UNSEEN.has(tag)) return parted('', afterElement(html, tag, end))
  if (tag === 'td' || tag === 'th') return parted('\t', end)
  if (tag === 'br') return parted('\n', end, 'line')
  return BLOCKS.has(tag) ? parted('\n', end, slash === '' ? 'begin' : 'end') : parted('', end)
}

/** Of a block, or of a line within one. */
type Edge = 'begin' | 'end' | 'line'

/** Where an element ends of which nothing is seen; the end of the text where nothing closes it. */
function afterElement(html: string, tag: string, from: number): number {
  const closing = new RegExp(`</${tag}\\b`, 'gi')
  closing.lastIndex = from
  const found = closing.exec(html)
  return found === null ? html.length : after(html, '>', found.index)
}

function after(html: string, what: string, from: number): number {
  const found = html.indexOf(what, from)
  return found < 0 ? html.length : found + what.length
}

/** The names of the characters from 160 on (ISO 8859-1), in their order. */
const LATIN =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml'

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ...LATIN.split(' ').map((name, place) => [name, String.fromCharCode(160 + place)] as const),
  ...Object.entries({
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    ndash: '–',
    mdash: '—',
    hellip: '…',
    euro: '€',
  }),
  ...Object.entries({
    lsquo: '‘',
    rsquo: '’',
    ldquo: '“',
    rdquo: '”',
    bull: '•',
    zwnj: '',
    zwj: '',
    ensp: ' ',
    emsp: ' ',
  }),
])

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}\d{0,2}));?/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES.get(name) ?? whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code).toWellFormed() : ''
  })
}
