/** So many rows are looked through in a list's own order at first, and at most: half a microsecond each. */
const LOOKED_THROUGH = 2_000
const LOOKED_THROUGH_AT_MOST = 45_000
/** Where the first rows hold fewer matches than this, but some, they say too little of the rest: so many more do. */
const TELLING = 4
const LOOKED_THROUGH_AGAIN = 10_000

/**
 * Finds the first matches of a sorted list for which it has no index. What many rows have is soon found among the list's
 * first ones; what few have, by another index.
 *
 * @param limit how many are wanted
 * @param among gives the matches among so many first rows
 * @param byIndex gives the matches where there are few
 */
export async function lookThrough<Row>(
  limit: number,
  among: (rows: number) => Promise<Row[]>,
  byIndex: () => Promise<Row[]>,
): Promise<Row[]> {
  let looked = LOOKED_THROUGH
  let found = await among(looked)
  if (found.length > 0 && found.length < Math.min(TELLING, limit)) {
    looked = LOOKED_THROUGH_AGAIN
    found = await among(looked)
  }
  if (found.length === limit) return found
  const expected = (looked * limit * 1.2) / found.length
  if (expected <= LOOKED_THROUGH_AT_MOST) {
    // It stops once the page is full.
    const more = await among(LOOKED_THROUGH_AT_MOST)
    if (more.length === limit) return more
  }
  return byIndex()
}
