import { Button, Group, Kbd, Paper, Text } from '@mantine/core'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { wordsOf } from '../parts/fault.tsx'
import { useKeys } from '../parts/keys.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { LEAD_TEXTS } from './texts.ts'
import classes from './undo.module.css'

interface Undo {
  /**
   * Offers to take a change back, for ten seconds.
   *
   * @param run whether it was taken back; false where somebody else has changed the same since
   */
  offer(what: string, run: () => Promise<boolean>): void
}

const UndoContext = createContext<Undo>({ offer: () => undefined })

const FOR_MS = 10_000

interface Offered {
  what: string
  run: () => Promise<boolean>
  state: 'offered' | 'undoing' | 'undone' | 'changed'
  fault: unknown
}

/** Shows the last change at the bottom, as long as it can be taken back. */
export function UndoProvider({ children }: { children: ReactNode }) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const [offered, setOffered] = useState<Offered | null>(null)
  const offer = useCallback<Undo['offer']>((what, run) => {
    setOffered({ what, run, state: 'offered', fault: null })
  }, [])
  useEffect(() => {
    if (offered === null || offered.state === 'undoing') return
    const timer = setTimeout(() => setOffered(null), FOR_MS)
    return () => clearTimeout(timer)
  }, [offered])

  const undo = async () => {
    if (offered === null || offered.state !== 'offered') return
    setOffered({ ...offered, state: 'undoing' })
    try {
      const isUndone = await offered.run()
      setOffered({ ...offered, state: isUndone ? 'undone' : 'changed' })
    } catch (fault) {
      setOffered({ ...offered, fault })
    }
  }
  useKeys(offered?.state === 'offered' ? [{ keys: 'u', label: t.undo, run: () => void undo() }] : [])
  const context = useMemo(() => ({ offer }), [offer])

  return (
    <UndoContext.Provider value={context}>
      {children}
      <div role="status" className={classes.place}>
        {offered !== null && (
          <Paper withBorder shadow="md" px="md" py="xs" className={classes.bar ?? ''}>
            <Group gap="md" wrap="nowrap">
              <Text size="sm">{offered.fault === null ? sayOf(offered) : wordsOf(offered.fault, language)}</Text>
              {(offered.state === 'offered' || offered.state === 'undoing') && (
                <Button
                  size="compact-sm"
                  variant="light"
                  loading={offered.state === 'undoing'}
                  onClick={() => void undo()}
                  rightSection={<Kbd size="xs">u</Kbd>}
                >
                  {t.undo}
                </Button>
              )}
            </Group>
          </Paper>
        )}
      </div>
    </UndoContext.Provider>
  )

  function sayOf({ state, what }: Offered): string {
    if (state === 'undone') return t.undone(what)
    return state === 'changed' ? t.notUndone(what) : t.saved(what)
  }
}

export const useUndo = (): Undo => useContext(UndoContext)
