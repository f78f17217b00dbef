import type { KeyboardEvent } from 'react'

const CARDS = '[data-card]'

/** With arrows the focus goes to the card above or below, or to the same place in the next column that has any. */
export function focusNext(event: KeyboardEvent): void {
  const card = event.target instanceof HTMLElement && event.target.matches(CARDS) ? event.target : null
  const column = card?.closest('[data-column]')
  if (card === null || column == null) return
  const board = event.currentTarget
  const cards = [...column.querySelectorAll<HTMLElement>(CARDS)]
  const place = cards.indexOf(card)
  const columns = [...board.querySelectorAll('[data-column]')].filter((one) => one.querySelector(CARDS) !== null)
  const beside = (step: number): HTMLElement | undefined => {
    const others = [...(columns[columns.indexOf(column) + step]?.querySelectorAll<HTMLElement>(CARDS) ?? [])]
    return others[Math.min(place, others.length - 1)]
  }
  const next = nextOf(event.key)
  if (next === null) return
  event.preventDefault()
  next?.focus()

  function nextOf(key: string): HTMLElement | undefined | null {
    if (key === 'ArrowDown') return cards[place + 1]
    if (key === 'ArrowUp') return cards[place - 1]
    if (key === 'ArrowRight') return beside(1)
    return key === 'ArrowLeft' ? beside(-1) : null
  }
}
