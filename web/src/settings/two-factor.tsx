import { Alert, Button, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { answered, api, Problem } from '../api/client.ts'
import { wordsOf } from '../parts/fault.tsx'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import { BackupCodes } from './backup-codes.tsx'
import { ownFault } from './own-fault.ts'
import { QrCode } from './qr-code.tsx'
import { SecretField } from './secret-field.tsx'
import { SETTINGS_TEXTS } from './texts.ts'

type Begun = { uri: string; codes: readonly string[] }

/** Switches one's second factor on and off. */
export function TwoFactor({ me }: { me: Me }) {
  const t = useTexts(SETTINGS_TEXTS)
  const { language } = useLanguage()
  const known = useQueryClient()
  const [begun, setBegun] = useState<Begun | null>(null)
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [isBusy, setIsBusy] = useState(false)

  async function carryOut(work: () => Promise<void>) {
    setIsBusy(true)
    setFault(null)
    try {
      await work()
    } catch (error) {
      setFault(ownFault(error, language))
    } finally {
      setIsBusy(false)
    }
  }
  const lookAgain = () => known.invalidateQueries({ queryKey: ['me'] })

  const withPassword = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const body = { password: String(new FormData(form).get('password')) }
    const asked = (event.nativeEvent as SubmitEvent).submitter?.getAttribute('value')
    void carryOut(async () => {
      if (asked === 'off') await answered(api.POST('/api/auth/two-factor/disable', { body }))
      else if (asked === 'codes') {
        const { backup_codes } = await answered(api.POST('/api/auth/two-factor/generate-backup-codes', { body }))
        setCodes(backup_codes)
      } else {
        const { totp_uri: uri, backup_codes } = await answered(api.POST('/api/auth/two-factor/enable', { body }))
        setBegun({ uri, codes: backup_codes })
      }
      form.reset()
      if (asked === 'off') setCodes(null)
      await lookAgain()
    })
  }

  const withCode = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const code = String(new FormData(event.currentTarget).get('code')).replaceAll(' ', '')
    void carryOut(async () => {
      try {
        await answered(api.POST('/api/auth/two-factor/verify-totp', { body: { code } }))
      } catch (error) {
        const isWrong = error instanceof Problem && [401, 422].includes(error.status)
        return setFault(isWrong ? t.wrongCode : wordsOf(error, language))
      }
      setCodes(begun?.codes ?? null)
      setBegun(null)
      await lookAgain()
    })
  }

  return (
    <Paper withBorder p="md" component="section" aria-labelledby="two-factor">
      <Stack gap="sm" maw={480}>
        <Title order={2} size="h4" id="two-factor">
          {t.twoFactor}
        </Title>
        <Text size="sm">{me.two_factor ? t.twoFactorOn : t.twoFactorOff}</Text>
        {fault !== null && (
          <Alert color="red" role="alert">
            {fault}
          </Alert>
        )}
        {codes !== null && <BackupCodes codes={codes} onKept={() => setCodes(null)} />}
        {begun === null ? (
          <form onSubmit={withPassword}>
            <Stack gap="sm">
              <PasswordInput name="password" label={t.currentPassword} autoComplete="current-password" required />
              <Group gap="sm">
                {me.two_factor ? (
                  <>
                    <Button type="submit" value="codes" variant="default" disabled={isBusy} title={t.newCodesMore}>
                      {t.newCodes}
                    </Button>
                    <Button type="submit" value="off" variant="default" color="red" disabled={isBusy}>
                      {t.switchOff}
                    </Button>
                  </>
                ) : (
                  <Button type="submit" value="on" loading={isBusy}>
                    {t.switchOn}
                  </Button>
                )}
              </Group>
            </Stack>
          </form>
        ) : (
          <form onSubmit={withCode}>
            <Stack gap="sm">
              <Text size="sm">{t.scan}</Text>
              <QrCode text={begun.uri} />
              <SecretField label={t.secret} value={new URL(begun.uri).searchParams.get('secret') ?? ''} />
              <TextInput
                name="code"
                label={t.firstCode}
                inputMode="numeric"
                autoComplete="one-time-code"
                pattern="[0-9 ]{6,7}"
                autoFocus
                required
              />
              <Group>
                <Button type="submit" loading={isBusy}>
                  {t.confirm}
                </Button>
                <Button variant="subtle" color="gray" onClick={() => setBegun(null)}>
                  {t.cancel}
                </Button>
              </Group>
            </Stack>
          </form>
        )}
      </Stack>
    </Paper>
  )
}
