import { Kbd, TextInput } from '@mantine/core'
import { memo, type RefObject, useEffect, useRef, useState } from 'react'
import { useTexts } from '../texts/language.ts'
import classes from './leads.module.css'
import { LEADS_TEXTS } from './texts.ts'

const AFTER_MS = 250

interface SearchBoxProps {
  q: string
  onSearch: (q: string) => void
  box: RefObject<HTMLInputElement | null>
}

/** Searches once one has stopped typing for a moment. */
export const SearchBox = memo(function SearchBox({ q, onSearch, box }: SearchBoxProps) {
  const t = useTexts(LEADS_TEXTS)
  const [typed, setTyped] = useState(q)
  const latest = useRef({ q, onSearch })
  latest.current = { q, onSearch }
  // Whoever goes back finds what was searched for then.
  const sent = useRef(q)
  useEffect(() => {
    if (q === sent.current) return
    sent.current = q
    setTyped(q)
  }, [q])
  useEffect(() => {
    if (typed === latest.current.q) return
    const timer = setTimeout(() => {
      sent.current = typed
      latest.current.onSearch(typed)
    }, AFTER_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <TextInput
      ref={box}
      type="search"
      className={classes.search ?? ''}
      aria-label={t.search}
      placeholder={t.searchHint}
      maxLength={200}
      value={typed}
      onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      onKeyDown={({ key, currentTarget }) => (key === 'Escape' || key === 'Enter') && currentTarget.blur()}
      rightSection={typed === '' ? <Kbd size="xs">/</Kbd> : null}
      rightSectionPointerEvents="none"
    />
  )
})
