import { ActionIcon, Button, CopyButton as Copy, VisuallyHidden } from '@mantine/core'
import { type InLanguages, useTexts } from '../texts/language.ts'
import classes from './copy-button.module.css'

const en = {
  copy: 'Copy',
  copyWhat: (what: string) => `Copy ${what}`,
  copied: 'Copied',
}

const TEXTS: InLanguages<typeof en> = {
  en,
  es: { copy: 'Copiar', copyWhat: (what) => `Copiar ${what}`, copied: 'Copiado' },
}

/** Copies a text, and says so for a moment: small beside what it copies where that is named, else a button with a word. */
export function CopyButton({ text, what }: { text: string; what?: string }) {
  const t = useTexts(TEXTS)
  return (
    <Copy value={text}>
      {({ copied, copy }) => (
        <>
          {what === undefined ? (
            <Button variant={copied ? 'light' : 'default'} onClick={copy}>
              {copied ? t.copied : t.copy}
            </Button>
          ) : (
            <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={t.copyWhat(what)}>
              <svg viewBox="0 0 24 24" width={14} height={14} aria-hidden="true" className={classes.line}>
                <path d={copied ? 'M5 12l5 5 9-10' : 'M9 9h11v12H9zM5 15H4V3h11v2'} />
              </svg>
            </ActionIcon>
          )}
          <VisuallyHidden role="status">{copied && t.copied}</VisuallyHidden>
        </>
      )}
    </Copy>
  )
}
