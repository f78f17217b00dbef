import { Alert, Anchor, Button, PasswordInput, Stack } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { Link } from 'wouter'
import { answered, api } from '../api/client.ts'
import { wordsOf } from '../parts/fault.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { FrontPage } from './front-page.tsx'
import { SESSION_TEXTS } from './texts.ts'

/** What an invitation or a reset leads to: a password is chosen. The token stands after #, which no server sees. */
export function AcceptPage() {
  const t = useTexts(SESSION_TEXTS)
  const { language } = useLanguage()
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get('token'))
  const [state, setState] = useState<'open' | 'busy' | 'done'>('open')
  const [fault, setFault] = useState<string | null>(null)

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const password = String(form.get('password'))
    if (password !== form.get('again')) return setFault(t.differs)
    setState('busy')
    setFault(null)
    try {
      await answered(api.POST('/api/auth/accept', { body: { token: token ?? '', password } }))
      setState('done')
    } catch (error) {
      setFault(wordsOf(error, language))
      setState('open')
    }
  }

  return (
    <FrontPage title={t.acceptTitle}>
      {token === null ? (
        <Alert color="red">{t.noLink}</Alert>
      ) : state === 'done' ? (
        <Stack>
          <Alert color="green">{t.isSet}</Alert>
          <Anchor component={Link} href="/log-in">
            {t.logIn}
          </Anchor>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack>
            <PasswordInput
              name="password"
              label={t.newPassword}
              description={t.acceptHint}
              autoComplete="new-password"
              minLength={12}
              maxLength={128}
              autoFocus
              required
            />
            <PasswordInput name="again" label={t.again} autoComplete="new-password" required />
            {fault !== null && (
              <Alert color="red" role="alert">
                {fault}
              </Alert>
            )}
            <Button type="submit" loading={state === 'busy'}>
              {t.setPassword}
            </Button>
          </Stack>
        </form>
      )}
    </FrontPage>
  )
}
