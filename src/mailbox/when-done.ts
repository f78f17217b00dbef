/** What happens to a message in the mailbox once it is stored here. */
export type WhenDone =
  | { do: 'leave' }
  /** It gets the flag `\Seen`. */
  | { do: 'mark' }
  | { do: 'move'; folder: string }

/** Reads `leave`, `seen` or `move:<folder>`; null where the text is none of them. */
export function parseWhenDone(text: string): WhenDone | null {
  if (text === 'leave') return { do: 'leave' }
  if (text === 'seen') return { do: 'mark' }
  const folder = /^move:(.+)$/.exec(text)?.[1]?.trim() ?? ''
  return isFolder(folder) ? { do: 'move', folder } : null
}

/** Whether it can be the name of a folder. */
export function isFolder(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return /^[^\u0000-\u001f\u007f]{1,200}$/.test(text)
}
