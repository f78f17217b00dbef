import { Button, Menu } from '@mantine/core'
import { memo } from 'react'
import { useTexts } from '../texts/language.ts'
import { ALWAYS, COLUMNS, type Column, type ColumnName } from './columns.ts'
import { SORTS, type Sort } from './filter.ts'
import classes from './leads.module.css'
import { LEADS_TEXTS } from './texts.ts'

interface ViewMenuProps {
  columns: readonly Column[]
  onToggle: (name: ColumnName) => void
  sort: Sort
  onSort: (sort: Sort) => void
  /** Then there are no columns. */
  isNarrow: boolean
}

/** In which order leads are shown, and with which columns. */
export const ViewMenu = memo(function ViewMenu({ columns, onToggle, sort, onSort, isNarrow }: ViewMenuProps) {
  const t = useTexts(LEADS_TEXTS)
  return (
    <Menu position="bottom-end" width={230} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button variant="default" px="sm" className={classes.view ?? ''}>
          {isNarrow ? t.sortBy : t.columns}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t.sortBy}</Menu.Label>
        <Menu.RadioGroup value={sort} onChange={(chosen) => onSort(SORTS.find((one) => one === chosen) ?? sort)}>
          {SORTS.map((one) => (
            <Menu.RadioItem key={one} value={one}>
              {t.sorts[one]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        {!isNarrow && (
          <>
            <Menu.Divider />
            <Menu.Label>{t.columns}</Menu.Label>
            {COLUMNS.filter(({ name }) => !ALWAYS.includes(name)).map((column) => (
              <Menu.CheckboxItem
                key={column.name}
                checked={columns.includes(column)}
                onChange={() => onToggle(column.name)}
              >
                {t.column[column.name]}
              </Menu.CheckboxItem>
            ))}
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
})
