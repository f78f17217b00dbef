import { Button, CopyButton, Group, TextInput } from '@mantine/core'
import { useTexts } from '../texts/language.ts'
import classes from './settings.module.css'
import { SETTINGS_TEXTS } from './texts.ts'

/** Something to copy, all of which is chosen where somebody does it by hand. */
export function SecretField({ label, value }: { label: string; value: string }) {
  const t = useTexts(SETTINGS_TEXTS)
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
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Button variant={copied ? 'light' : 'default'} onClick={copy}>
            {copied ? t.copied : t.copy}
          </Button>
        )}
      </CopyButton>
    </Group>
  )
}
