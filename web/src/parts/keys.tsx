import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'

/** A key, or two one after the other (`g l`), and what it does. */
export interface Shortcut {
  keys: string
  label: string
  /** Held down, it is still pressed but once. */
  isOnce?: boolean
  run: (event: KeyboardEvent) => void
}

interface Keys {
  add(shortcuts: readonly Shortcut[]): () => void
  /** Those that are there now, for whoever asks. */
  all: readonly Shortcut[]
}

const KeysContext = createContext<Keys>({ add: () => () => undefined, all: [] })

/** The second of two keys has to come within this time. */
const SECOND_WITHIN_MS = 1_000

const CHOSEN_BY_CLICK = /^(button|checkbox|color|file|image|radio|range|reset|submit)$/

/** A field from which one chooses: it has its own use for arrows and Enter, and none for letters once it is closed. */
const isClosedChoice = (target: HTMLElement): boolean =>
  target instanceof HTMLInputElement &&
  (CHOSEN_BY_CLICK.test(target.type) || (target.readOnly && target.getAttribute('aria-expanded') !== 'true'))

function isTyping({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (key.length === 1 && key !== ' ' && isClosedChoice(target)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

/** Listens for keys, wherever the focus is but in a field. */
export function KeysProvider({ children }: { children: ReactNode }) {
  const groups = useRef<readonly (readonly Shortcut[])[]>([])
  const [all, setAll] = useState<readonly Shortcut[]>([])
  const first = useRef<{ key: string; at: number } | null>(null)

  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return
      if (document.querySelector('[role=dialog]') !== null && event.key !== '?') return
      const before = first.current !== null && event.timeStamp - first.current.at < SECOND_WITHIN_MS
      const both = before ? `${first.current?.key} ${event.key}` : event.key
      const heard = groups.current.flat()
      const found = heard.find(({ keys }) => keys === both) ?? heard.find(({ keys }) => keys === event.key)
      const begins = heard.some(({ keys }) => keys.startsWith(`${event.key} `))
      first.current = begins ? { key: event.key, at: event.timeStamp } : null
      if (found === undefined) return
      event.preventDefault()
      if (event.repeat && found.isOnce === true) return
      first.current = null
      found.run(event)
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])

  const add = useCallback((shortcuts: readonly Shortcut[]) => {
    const change = (changed: readonly (readonly Shortcut[])[]) => {
      groups.current = changed
      setAll(changed.flat())
    }
    change([...groups.current, shortcuts])
    return () => change(groups.current.filter((group) => group !== shortcuts))
  }, [])
  const keys = useMemo(() => ({ add, all }), [add, all])
  return <KeysContext.Provider value={keys}>{children}</KeysContext.Provider>
}

/** Adds keys while the component is shown. What they do may change from one time to the next. */
export function useKeys(shortcuts: readonly Shortcut[]): void {
  const { add } = useContext(KeysContext)
  const latest = useRef(shortcuts)
  latest.current = shortcuts
  const names = shortcuts.map(({ keys, label }) => `${keys}\n${label}`).join('\n\n')
  // Before it is painted: whoever sees a key may press it.
  useLayoutEffect(() => {
    const group = names === '' ? [] : names.split('\n\n')
    return add(
      group.map((name, place) => {
        const [keys = '', label = ''] = name.split('\n')
        const isOnce = latest.current[place]?.isOnce === true
        return { keys, label, isOnce, run: (event) => latest.current[place]?.run(event) }
      }),
    )
  }, [add, names])
}

/** All keys that are there now. */
export const useAllKeys = (): readonly Shortcut[] => useContext(KeysContext).all
