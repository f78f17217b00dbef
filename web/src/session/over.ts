import type { QueryClient } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import { leaveAll } from '../parts/under-way.ts'

/* The end of a session, and the beginning of one: whoever notices it first tells all tabs of this browser. */

const CHANNEL = 'first-call session'
type Message = 'over' | 'begun'
const USED_BY = 'first-call used by'

/**
 * Looks anew who is logged in, as soon as the service refuses something for want of a session, or somebody logs in or out
 * in another tab.
 *
 * @returns ends it
 */
export function watchSession(queries: QueryClient): () => void {
  const lookAgain = () => void queries.invalidateQueries({ queryKey: ['me'] })
  const watch = {
    onResponse: ({ response, request }: { response: Response; request: Request }) => {
      if (response.status === 401 && !request.url.endsWith('/api/me')) lookAgain()
      return undefined
    },
  }
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data === 'over') sessionStorage.clear()
    lookAgain()
  }
  api.use(watch)
  return () => {
    api.eject(watch)
    channel.close()
  }
}

/**
 * Logs out in all tabs, which forget what they have kept, once what is being saved in this one is saved.
 *
 * @throws Problem where it was refused, and the browser's own error where there was no answer: then nothing has changed
 */
export async function logOut(): Promise<void> {
  await leaveAll()
  await answered(api.POST('/api/auth/sign-out'))
  sessionStorage.clear()
  tellTabs('over')
}

/** Tells the other tabs. */
export function tellTabs(message: Message): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage(message)
  channel.close()
}

/** What somebody has written in this tab is for nobody else to read. */
export function forgetOthers(userId: string | null): void {
  if (sessionStorage.getItem(USED_BY) === userId || userId === null) return
  if (sessionStorage.getItem(USED_BY) !== null) sessionStorage.clear()
  sessionStorage.setItem(USED_BY, userId)
}
