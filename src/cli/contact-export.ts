import { disclose } from '../disclosure/disclose.ts'
import { holdingsOf } from '../disclosure/holdings.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { doorsOf } from './doors.ts'
import { writeWhole } from './whole-file.ts'

/** Writes all that is stored about a person into a zip file. */
export async function exportContact(id: string, file: string, surroundings: Surroundings): Promise<void> {
  const { terminal, signal } = surroundings
  const bytes = await withDatabase(surroundings, async (database, dataPlace) => {
    const holdings = await holdingsOf(database, id)
    if (holdings === null) throw new Error(`There is no contact with the id ${id}, and nothing names one.`)
    const { mails, close } = doorsOf(database, dataPlace, surroundings)
    try {
      const zip = await disclose(holdings, { database, mails })
      let written = 0
      await writeWhole(file, async (write) => {
        for await (const chunk of zip as AsyncIterable<Buffer>) {
          signal.throwIfAborted()
          written += chunk.length
          await write(chunk)
        }
      })
      return written
    } finally {
      await close()
    }
  })
  terminal.print(`All that is stored about ${id} is in ${file} (${bytes} bytes).\n`)
}
