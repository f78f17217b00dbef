import { Alert, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { answered, api } from '../api/client.ts'
import { wordsOf } from '../parts/fault.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { FrontPage } from './front-page.tsx'
import { tellTabs } from './over.ts'
import { SESSION_TEXTS } from './texts.ts'

/** Log-in: address and password, and where it is switched on the second factor. */
export function LogInPage() {
  const t = useTexts(SESSION_TEXTS)
  const { language } = useLanguage()
  const [, goTo] = useLocation()
  const known = useQueryClient()
  const [needsCode, setNeedsCode] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const isOver = new URLSearchParams(useSearch()).has('over')

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setIsBusy(true)
    setFault(null)
    try {
      if (needsCode) await sendCode(String(form.get('code')).trim())
      else if (await sendPassword(String(form.get('email')), String(form.get('password')))) return setNeedsCode(true)
      tellTabs('begun')
      await known.resetQueries()
      const next = new URLSearchParams(location.search).get('next')
      goTo(next?.startsWith('/') && !next.startsWith('//') ? next : '/', { replace: true })
    } catch (error) {
      setFault(wordsOf(error, language))
    } finally {
      setIsBusy(false)
    }
  }

  return (
    <FrontPage title={t.title}>
      {isOver && (
        <Alert color="yellow" role="status">
          {t.over}
        </Alert>
      )}
      <form onSubmit={submit}>
        <Stack>
          {needsCode ? (
            <TextInput
              key="code"
              name="code"
              label={t.code}
              description={t.codeHint}
              inputMode="numeric"
              autoComplete="one-time-code"
              autoFocus
              required
            />
          ) : (
            <>
              <TextInput name="email" type="email" label={t.email} autoComplete="username" autoFocus required />
              <PasswordInput name="password" label={t.password} autoComplete="current-password" required />
            </>
          )}
          {fault !== null && (
            <Alert color="red" role="alert">
              {fault}
            </Alert>
          )}
          <Button type="submit" loading={isBusy}>
            {needsCode ? t.confirm : t.logIn}
          </Button>
          <Text size="sm" c="dimmed">
            {t.notInvited}
          </Text>
        </Stack>
      </form>
    </FrontPage>
  )
}

/** Gives whether a second factor has to follow. */
async function sendPassword(email: string, password: string): Promise<boolean> {
  const { two_factor_required } = await answered(api.POST('/api/auth/sign-in/email', { body: { email, password } }))
  return two_factor_required
}

async function sendCode(code: string): Promise<void> {
  if (/^\d{6}$/.test(code)) await answered(api.POST('/api/auth/two-factor/verify-totp', { body: { code } }))
  else await answered(api.POST('/api/auth/two-factor/verify-backup-code', { body: { code } }))
}
