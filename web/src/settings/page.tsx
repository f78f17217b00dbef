import { Stack, Text, Title } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { Link } from 'wouter'
import { useTitle } from '../parts/title.ts'
import type { Me } from '../session/me.ts'
import { useTexts } from '../texts/language.ts'
import { About } from './about.tsx'
import { Keys } from './keys.tsx'
import { Password } from './password.tsx'
import { People } from './people.tsx'
import classes from './settings.module.css'
import { System } from './system.tsx'
import { SETTINGS_TEXTS } from './texts.ts'
import { TwoFactor } from './two-factor.tsx'

const OF_EVERYBODY = ['account', 'about'] as const
const OF_ADMINS = ['people', 'keys', 'system', ...OF_EVERYBODY] as const

/** People, keys, doors, one's own account; what somebody may not change is not there. */
export default function SettingsPage({ me, part }: { me: Me; part: string | null }) {
  const t = useTexts(SETTINGS_TEXTS)
  const parts = me.role === 'admin' ? OF_ADMINS : OF_EVERYBODY
  const shown = parts.find((one) => one === part) ?? parts[0]
  const tabs = useRef<HTMLElement>(null)
  // On a telephone they are more than fit beside each other.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it moves when another one is shown
  useEffect(() => {
    tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [shown])
  useTitle(`${t.parts[shown]} · ${t.title}`)
  return (
    <Stack maw={960}>
      <Title order={1} size="h2">
        {t.title}
      </Title>
      <nav ref={tabs} className={classes.parts} aria-label={t.title}>
        {parts.map((one) => (
          <Link
            key={one}
            href={`/settings/${one}`}
            className={classes.part ?? ''}
            aria-current={one === shown ? 'page' : undefined}
          >
            {t.parts[one]}
          </Link>
        ))}
      </nav>
      <Part me={me} part={shown} />
    </Stack>
  )
}

function Part({ me, part }: { me: Me; part: (typeof OF_ADMINS)[number] }) {
  const t = useTexts(SETTINGS_TEXTS)
  switch (part) {
    case 'people':
      return <People me={me} />
    case 'keys':
      return <Keys />
    case 'system':
      return <System />
    case 'about':
      return <About me={me} />
    case 'account':
      return me.email === null ? (
        <Text>{t.ofKey}</Text>
      ) : (
        <>
          <Text dir="auto">
            {me.name} · {me.email} · {t.roles[me.role]}
          </Text>
          <TwoFactor me={me} />
          <Password />
        </>
      )
    default:
      return part satisfies never
  }
}
