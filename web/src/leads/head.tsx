// biome-ignore-all lint/a11y/useSemanticElements: rows of a table would take no place of their own, and only a part of them is there
import { COLUMNS, type Column } from './columns.ts'
import type { Sort } from './filter.ts'
import classes from './leads.module.css'
import type { LeadTexts } from './texts.ts'

interface HeadProps {
  columns: readonly Column[]
  sort: Sort
  onSort: (sort: Sort) => void
  canChoose: boolean
  areAllChosen: boolean
  onChooseAll: () => void
  t: LeadTexts
}

const isSorted = (sorts: readonly Sort[], sort: Sort): boolean => sorts.includes(sort)

/** The head of the table, by which it is sorted. */
export function Head({ columns, sort, onSort, canChoose, areAllChosen, onChooseAll, t }: HeadProps) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: its buttons have the focus
    <div role="row" aria-rowindex={1} className={classes.head}>
      {canChoose && (
        // biome-ignore lint/a11y/useFocusableInteractive: its box has the focus
        <div role="columnheader" className={classes.choice}>
          <input type="checkbox" aria-label={t.chooseAll} checked={areAllChosen} onChange={onChooseAll} />
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

/** The widths of the columns, as a grid has them. */
export const widthsOf = (columns: readonly Column[], canChoose: boolean): string =>
  [canChoose ? ['34px'] : [], COLUMNS.filter((one) => columns.includes(one)).map(({ width }) => width)].flat().join(' ')
