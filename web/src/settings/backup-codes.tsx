import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { CopyButton } from '../parts/copy-button.tsx'
import { useTexts } from '../texts/language.ts'
import classes from './settings.module.css'
import { SETTINGS_TEXTS } from './texts.ts'

/** Codes for a lost phone, to keep: they are shown this once. */
export function BackupCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  const t = useTexts(SETTINGS_TEXTS)
  const text = `${codes.join('\n')}\n`
  return (
    <Alert color="orange" title={t.backupCodes}>
      <Stack gap="sm">
        <Text size="sm">{t.backupCodesMore}</Text>
        <ul className={classes.codes} aria-label={t.backupCodes}>
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <Group gap="xs">
          <CopyButton text={text} />
          <Button variant="default" onClick={() => download(text)}>
            {t.download}
          </Button>
          <Button onClick={onKept}>{t.kept}</Button>
        </Group>
      </Stack>
    </Alert>
  )
}

function download(text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = address
  link.download = 'first-call-backup-codes.txt'
  link.click()
  URL.revokeObjectURL(address)
}
