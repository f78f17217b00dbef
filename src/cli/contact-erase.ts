import { COMMAND_LINE } from '../audit/actor.ts'
import type { Database } from '../database/database.ts'
import { countsOf, type HoldingCounts, type Holdings, holdingsOf } from '../disclosure/holdings.ts'
import { eraseContact } from '../erasure/erase.ts'
import { anyRevision } from '../http/preconditions.ts'
import { counted } from '../http/refusal.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { doorsOf } from './doors.ts'
import { json, printable } from './terminal.ts'
import { UsageError } from './usage.ts'

/**
 * Erases a contact, once somebody has said yes.
 *
 * @throws UsageError where nobody can be asked
 */
export async function eraseByCommand(
  id: string,
  { yes: isAgreed = false, json: isForMachines = false }: { yes?: boolean; json?: boolean },
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, signal, fail } = surroundings
  await withDatabase(surroundings, async (database, dataPlace) => {
    const holdings = await holdingsOf(database, id)
    if (holdings === null) throw new Error(`There is no contact with the id ${id}, and nothing names one.`)
    const counts = await countsOf(database, holdings)
    if (!isAgreed) {
      terminal.note(wordsOf(holdings, counts))
      const answer = await terminal.ask('Erase? Type yes: ', signal)
      if (answer === null) throw new UsageError('Nobody can be asked here: add --yes to erase.')
      if (answer.trim().toLowerCase() !== 'yes') {
        terminal.note('Nothing was erased.')
        fail()
        return
      }
    }
    await eraseNow(id, database, dataPlace, surroundings)
    terminal.print(isForMachines ? json({ contact_id: id, ...counts }) : `The contact ${id} is erased.\n`)
  })
}

async function eraseNow(id: string, database: Database, dataPlace: string, surroundings: Surroundings): Promise<void> {
  const { terminal, signal } = surroundings
  const { mails, close } = doorsOf(database, dataPlace, surroundings)
  const options = { database, mails, onStep: (name: string) => terminal.progress(name === 'end' ? '' : name) }
  try {
    await eraseContact(id, COMMAND_LINE, anyRevision, options, signal)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`It is not all erased yet, which goes on by itself while First Call runs. ${why}`, { cause: error })
  } finally {
    terminal.progress('')
    await close()
  }
}

function wordsOf({ contactId, name }: Holdings, counts: HoldingCounts): string {
  const { calls, opportunities, recordings, messages } = counts
  const who = name === null ? `The contact ${contactId}` : `${printable(name)} (${contactId})`
  return (
    `${who}: ${counted(recordings, 'recording')} and ${counted(messages, 'message')} of ${counted(calls, 'call')} are ` +
    'removed, and so is whatever else tells of the person. The calls, and ' +
    `${counted(opportunities, 'opportunity', 'opportunities')} with their attempts, stay and count as before. This cannot be undone.`
  )
}
