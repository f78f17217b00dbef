import '@mantine/core/styles/Table.css'
import { ScrollArea, Table } from '@mantine/core'
import table from '../../../docs/licences.md?raw'
import { useTexts } from '../texts/language.ts'
import { SETTINGS_TEXTS } from './texts.ts'

const rows = table
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))

/** What First Call is made with, and how it may be used. */
export function Licences() {
  const t = useTexts(SETTINGS_TEXTS)
  return (
    <ScrollArea.Autosize mah={420} w="100%" viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': t.licences }}>
      <Table>
        <Table.Tbody>
          {rows.map(([, name = '', version = '', licence = '']) => (
            <Table.Tr key={name + version}>
              <Table.Td>{name}</Table.Td>
              <Table.Td>{version}</Table.Td>
              <Table.Td>{licence}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  )
}
