import { Button, Menu } from '@mantine/core'
import { useTexts } from '../texts/language.ts'
import { ALWAYS, COLUMNS, type Column, type ColumnName } from './columns.ts'
import { SORTS, type Sort } from './filter.ts'
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
export function ViewMenu({ columns, onToggle, sort, onSort, isNarrow }: ViewMenuProps) {
  const t = useTexts(LEADS_TEXTS)
  return (
    <Menu position="bottom-end" width={230} closeOnItemClick={false} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button variant="default" px="sm">
          {isNarrow ? t.sortBy : t.columns}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t.sortBy}</Menu.Label>
        {SORTS.map((one) => (
          <Menu.Item key={one} role="menuitemradio" aria-checked={one === sort} onClick={() => onSort(one)}>
            <Mark isOn={one === sort} />
            {t.sorts[one]}
          </Menu.Item>
        ))}
        {!isNarrow && (
          <>
            <Menu.Divider />
            <Menu.Label>{t.columns}</Menu.Label>
            {COLUMNS.filter(({ name }) => !ALWAYS.includes(name)).map((column) => (
              <Menu.Item
                key={column.name}
                role="menuitemcheckbox"
                aria-checked={columns.includes(column)}
                onClick={() => onToggle(column.name)}
              >
                <Mark isOn={columns.includes(column)} />
                {t.column[column.name]}
              </Menu.Item>
            ))}
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

const Mark = ({ isOn }: { isOn: boolean }) => (
  <span aria-hidden="true" style={{ display: 'inline-block', width: 20 }}>
    {isOn ? '✓' : ''}
  </span>
)
