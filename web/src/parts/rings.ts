/** A telephone that was made to ring. */
export interface Ring {
  phone: string
  /** By the clock of this device. */
  at: number
  /** Null where the device called by itself. */
  asked: AskedFor | null
}

/** What the PBX was asked for. */
interface AskedFor {
  /** Null where it did not say whether it calls. */
  requestId: string | null
  extension: string
}

/** What is said later is of another call. */
const SAID_WITHIN_MS = 7_200_000

const storedAs = (contactId: string): string => `first-call rings ${contactId}`

/** Who rang a contact from this window lately, and of whose call nothing was said yet: latest first. */
export function ringsOf(contactId: string): readonly Ring[] {
  const rings: Ring[] = JSON.parse(sessionStorage.getItem(storedAs(contactId)) ?? '[]')
  return rings.filter(({ at }) => Date.now() - at < SAID_WITHIN_MS)
}

/** Remembers it for as long as the window is open, also when the page is loaded again. */
export const rememberRing = (contactId: string, ring: Ring): void => keepRings(contactId, [ring, ...ringsOf(contactId)])

const underWay = new Map<string, Promise<unknown>>()

/** Has it known that somebody is being rung: it may ring long before there is an answer. */
export async function ringing<Result>(contactId: string, work: Promise<Result>): Promise<Result> {
  underWay.set(contactId, work)
  try {
    return await work
  } finally {
    if (underWay.get(contactId) === work) underWay.delete(contactId)
  }
}

/** As {@link ringsOf}, with the one that is being asked for, once it is known whether it rings. */
export async function settledRingsOf(contactId: string): Promise<readonly Ring[]> {
  await underWay.get(contactId)?.catch(() => undefined)
  return ringsOf(contactId)
}

/** Once it is said how they went, there are none. */
export function keepRings(contactId: string, rings: readonly Ring[]): void {
  if (rings.length === 0) sessionStorage.removeItem(storedAs(contactId))
  else sessionStorage.setItem(storedAs(contactId), JSON.stringify(rings))
}
