// biome-ignore-all lint/a11y/useSemanticElements: rows of a table would take no place of their own, and only a part of them is there
import { memo } from 'react'
import { cellOf } from './cell.tsx'
import { COLUMNS, type Column, type ColumnName } from './columns.ts'
import { type Lead, nameOf } from './lead.ts'
import classes from './leads.module.css'
import type { LeadTexts } from './texts.ts'

interface RowProps {
  lead: Lead
  /** From 0. */
  place: number
  top: number
  columns: readonly Column[]
  isActive: boolean
  isChosen: boolean
  /** Whether it can be chosen. */
  canChoose: boolean
  /** Whether it belongs to the view of before, until those of this one come. */
  isOfBefore: boolean
  isNarrow: boolean
  t: LeadTexts
  nameOfAgent: (id: string) => string
  onOpen: (lead: Lead) => void
  onChoose: (lead: Lead, isRange: boolean) => void
}

/** On a telephone a row has two lines, of these. */
const NARROW: readonly ColumnName[] = ['name', 'age', 'pills', 'status', 'agent']

export const rowId = (id: string): string => `lead-${id}`

/** One lead of the table. The table has the keys: a row has none of its own. */
export const Row = memo(function Row(props: RowProps) {
  const {
    lead,
    place,
    top,
    columns,
    isActive,
    isChosen,
    canChoose,
    isOfBefore,
    isNarrow,
    t,
    nameOfAgent,
    onOpen,
    onChoose,
  } = props
  const shown = isNarrow ? NARROW.map((name) => COLUMNS.find((one) => one.name === name)) : columns
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid around it has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus, and names the active row
    <div
      role="row"
      id={rowId(lead.id)}
      aria-rowindex={place + 2}
      aria-selected={isChosen}
      data-active={isActive}
      className={classes.row}
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey) return
        event.preventDefault()
        if (event.shiftKey) onChoose(lead, true)
        else onOpen(lead)
      }}
    >
      {canChoose && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: as above
        // biome-ignore lint/a11y/useFocusableInteractive: as above
        <div role="gridcell" className={classes.choice} onClick={(event) => event.stopPropagation()}>
          <input
            type="checkbox"
            tabIndex={-1}
            disabled={isOfBefore}
            checked={isChosen}
            aria-label={t.choose(nameOf(lead) ?? t.noName)}
            onChange={({ nativeEvent }) => onChoose(lead, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)}
          />
        </div>
      )}
      {shown.map(
        (column) =>
          column !== undefined && (
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            <div role="gridcell" key={column.name} data-column={column.name} className={classes.cell}>
              {cellOf(column.name, lead, t, nameOfAgent)}
            </div>
          ),
      )}
    </div>
  )
})
