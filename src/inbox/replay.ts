import type { Change, Plan } from '../attempts/change.ts'
import type { Database } from '../database/database.ts'
import { handleMessage, type InboxOptions } from './inbox.ts'
import type { Message, MessageResult } from './message.ts'
import { findMessage, listMessages, type MessageFilter, noteFault, type StoredMessage } from './store.ts'

/** What handling a message again came to: `kept` tells of no call. */
export interface Replayed {
  id: string
  became: 'changed' | 'unchanged' | 'kept' | 'failed'
  callId: string | null
  /** Why it is kept, or has failed. */
  reason: string | null
}

/** They are handled at once, as one batch or two of the register. */
const PAGE = 100

/** The messages that the filter leaves and whose content is there, oldest first, some at a time. */
export async function* everyMessage(database: Database, filter: MessageFilter): AsyncGenerator<StoredMessage[]> {
  let after: string | null = null
  for (;;) {
    const page: StoredMessage[] = await listMessages(database, { ...filter, isWhole: true }, PAGE, after, 'oldest')
    if (page.length > 0) yield page
    if (page.length < PAGE) return
    after = page.at(-1)?.id ?? null
  }
}

/**
 * The messages with these ids, as pages too.
 *
 * @throws where there is none with one of them, or its content is gone
 */
export async function messagesOf(database: Database, ids: readonly string[]): Promise<StoredMessage[][]> {
  const messages: StoredMessage[] = []
  for (const id of new Set(ids)) {
    const message = await findMessage(database, id)
    if (message === null) throw new Error(`There is no message with the id ${id}.`)
    if (message.isEmptied) throw new Error(`The content of the message ${id} is gone: it was erased, or old.`)
    messages.push(message)
  }
  return [messages]
}

/**
 * Handles messages again, and says of each what it came to. What is true already stays as it is.
 *
 * @throws the signal's reason, between two pages
 */
export async function* replay(
  pages: AsyncIterable<StoredMessage[]> | Iterable<StoredMessage[]>,
  options: InboxOptions,
  signal?: AbortSignal,
): AsyncGenerator<Replayed[]> {
  for await (const page of pages) {
    signal?.throwIfAborted()
    yield await Promise.all(page.map((message) => replayOne(message, options)))
  }
}

async function replayOne(message: Message, options: InboxOptions): Promise<Replayed> {
  const { id } = message
  let isChange = false
  const onPlan = (plan: Plan<MessageResult> | null): void => {
    // It may be planned more than once: the last plan is the one that was written.
    isChange = plan !== null && (plan.calls ?? plan.opportunities ?? []).length > 0
  }
  const readMessage: InboxOptions['readMessage'] = async (one) => {
    const read = await options.readMessage(one)
    return 'plan' in read ? watched(read, onPlan) : read
  }
  try {
    const { result, reason, callId } = await handleMessage(message, { ...options, readMessage })
    return { id, became: result === 'kept' ? 'kept' : isChange ? 'changed' : 'unchanged', callId, reason }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    // The message is still there, and may be tried again: what matters is said by the first fault.
    await noteFault(options.database, id, reason).catch(() => undefined)
    return { id, became: 'failed', callId: null, reason }
  }
}

/** The same change, with somebody told of its plans. */
function watched<Result>(change: Change<Result>, onPlan: (plan: Plan<Result> | null) => void): Change<Result> {
  const told = <Given extends Plan<Result> | null>(plan: Given): Given => {
    onPlan(plan)
    return plan
  }
  if (change.planWithoutRegistering === undefined) return { ...change, plan: (book) => told(change.plan(book)) }
  return {
    ...change,
    plan: (book) => told(change.plan(book)),
    planWithoutRegistering: (book) => told(change.planWithoutRegistering?.(book) ?? null),
  }
}
