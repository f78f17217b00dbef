/* What is under way in this window, and is not to be cut off by closing it or by logging out. */

const saves = new Set<Promise<unknown>>()
const leaves = new Set<() => Promise<void>>()

const askFirst = (event: BeforeUnloadEvent): void => event.preventDefault()

/** Until it is saved, the browser asks before it closes the window, and a log-out waits. */
export async function saving<Result>(work: Promise<Result>): Promise<Result> {
  saves.add(work)
  window.addEventListener('beforeunload', askFirst)
  try {
    return await work
  } finally {
    saves.delete(work)
    if (saves.size === 0) window.removeEventListener('beforeunload', askFirst)
  }
}

/**
 * Has something carried out before somebody logs out, who may no longer do it afterwards.
 *
 * @returns ends it
 */
export function beforeLogOut(leave: () => Promise<void>): () => void {
  leaves.add(leave)
  return () => void leaves.delete(leave)
}

/**
 * Waits for what is being saved, and leaves.
 *
 * @throws what went wrong when it was saved
 */
export async function leaveAll(): Promise<void> {
  await Promise.all(saves)
  await Promise.all([...leaves].map((leave) => leave()))
}
