const LISTS = /^\/(leads|board|calls|call|review|coverage)$/

/** Back to the list from which one came, as it was left; to all leads where one came from elsewhere. */
export function goBack(goTo: (href: string) => void): void {
  const before = globalThis.navigation?.entries()[(navigation.currentEntry?.index ?? 0) - 1]?.url
  if (before != null && LISTS.test(new URL(before).pathname)) history.back()
  else goTo('/leads')
}
