import type { KyselyPlugin, UnknownRow } from 'kysely'

/** Our connections give times as milliseconds since 1970; better-auth wants dates. */
export const DATE_COLUMNS: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: async ({ result }) => ({ ...result, rows: result.rows.map(withDates) }),
}

const IS_TIME = /_(at|until)$/

function withDates(row: UnknownRow): UnknownRow {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === 'number' && IS_TIME.test(name) ? new Date(value) : value,
  ])
  return Object.fromEntries(entries)
}
