// biome-ignore-all lint/a11y/useSemanticElements: rows of a table would take no place of their own, and only a part of them is there
import type { Column } from './columns.ts'
import type { Sort } from './filter.ts'
import classes from './leads.module.css'
import type { LeadTexts } from './texts.ts'

interface HeadProps {
  columns: readonly Column[]
  sort: Sort
  onSort: (sort: Sort) => void
  canChoose: boolean
  areAllChosen: boolean
  isOfBefore: boolean
  onChooseAll: () => void
  t: LeadTexts
}

const isSorted = (sorts: readonly Sort[], sort: Sort): boolean => sorts.includes(sort)

/** The head of the table, by which it is sorted. */
export function Head({ columns, sort, onSort, canChoose, areAllChosen, isOfBefore, onChooseAll, t }: HeadProps) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: its buttons have the focus
    <div role="row" aria-rowindex={1} className={classes.head}>
      {canChoose && (
        // biome-ignore lint/a11y/useFocusableInteractive: its box has the focus
        <div role="columnheader" className={classes.choice}>
          <input
            type="checkbox"
            aria-label={t.chooseAll}
            disabled={isOfBefore}
            checked={areAllChosen}
            onChange={onChooseAll}
          />
        </div>
      )}
      {columns.map(({ name, sorts }) => {
        const [first, second] = sorts
        const isHere = isSorted(sorts, sort)
        const direction = sort.startsWith('-') ? 'descending' : 'ascending'
        return (
          // biome-ignore lint/a11y/useFocusableInteractive: its button has the focus
          <div
            role="columnheader"
            key={name}
            className={classes.cell}
            data-column={name}
            aria-sort={first === undefined ? undefined : isHere ? direction : 'none'}
          >
            {first === undefined || second === undefined ? (
              t.column[name]
            ) : (
              <button
                type="button"
                className={classes.sort}
                title={t.sorts[sort === first ? second : first]}
                onClick={() => onSort(sort === first ? second : first)}
              >
                {t.column[name]}
                <span aria-hidden="true" className={classes.arrow} data-shown={isHere}>
                  {sort === second ? '▲' : '▼'}
                </span>
              </button>
            )}
          </div>
        )
      })}
    </div>
  )
}

const CHOICE = 26
const GAP = 12

/** The widths of the columns, as a grid has them, and of all of them at least. */
export function widthsOf(columns: readonly Column[], canChoose: boolean): { widths: string; least: string } {
  const own = columns.map(({ least, share }) => (share === 0 ? `${least}px` : `minmax(${least}px, ${share}fr)`))
  const least = columns.reduce((sum, column) => sum + column.least + GAP, GAP) + (canChoose ? CHOICE + GAP : 0)
  return { widths: [...(canChoose ? [`${CHOICE}px`] : []), ...own].join(' '), least: `${least}px` }
}
