import { Group, TextInput } from '@mantine/core'
import { CopyButton } from '../parts/copy-button.tsx'
import classes from './settings.module.css'

/** Something to copy, all of which is chosen where somebody does it by hand. */
export function SecretField({ label, value }: { label: string; value: string }) {
  return (
    <Group align="end" gap="xs">
      <TextInput
        label={label}
        value={value}
        readOnly
        flex={1}
        miw={180}
        classNames={{ input: classes.secret ?? '' }}
        onFocus={({ currentTarget }) => currentTarget.select()}
      />
      <CopyButton text={value} />
    </Group>
  )
}
