import { answered, api } from '../api/client.ts'
import type { Language } from '../texts/language.ts'
import type { LastChange } from './conflict.tsx'
import { HISTORIES } from './histories.ts'
import { whoWords } from './history-words.ts'
import type { People } from './people.ts'
import type { Kind } from './rows.ts'

interface Entry {
  at: string
  who: string
  after: Record<string, unknown> | null
}

const lastOf = (entries: readonly Entry[], field: string): Entry | null =>
  entries.find(({ after }) => after !== null && field in after) ?? null

/** Who changed a field last, as its history tells. */
export function lastChangeOf(kind: Kind, id: string, field: string, people: People, language: Language): LastChange {
  const params = { path: { id }, query: { limit: 50 } }
  const ask = async (): Promise<Entry | null> => {
    const { data } = await answered(api.GET(HISTORIES[kind], { params }))
    return lastOf(data, field)
  }
  return {
    key: [kind, id, 'history', field],
    ask: async () => {
      const entry = await ask()
      return entry === null ? null : { who: whoWords(entry.who, language, people.nameOf), at: entry.at }
    },
  }
}
