import {
  ActionIcon,
  Alert,
  AppShell,
  Badge,
  Button,
  Group,
  Kbd,
  Menu,
  Modal,
  NavLink,
  Stack,
  Text,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure, useMediaQuery, useNetwork } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { wordsOf } from '../parts/fault.tsx'
import { useAllKeys, useKeys } from '../parts/keys.tsx'
import { LiveSign } from '../parts/live-sign.tsx'
import { UntoldSign } from '../parts/untold.tsx'
import { useReviewCount } from '../review/count.ts'
import type { Me } from '../session/me.ts'
import { logOut } from '../session/over.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import { Icon, type IconName } from './icon.tsx'
import classes from './shell.module.css'
import { SHELL_TEXTS } from './texts.ts'

interface Place {
  name: 'call' | 'leads' | 'board' | 'review' | 'coverage' | 'settings'
  href: string
  key: string
  icon: IconName
}

const PLACES: readonly Place[] = [
  { name: 'call', href: '/call', key: 'g c', icon: 'phone' },
  { name: 'leads', href: '/leads', key: 'g l', icon: 'list' },
  { name: 'board', href: '/board', key: 'g b', icon: 'board' },
  { name: 'review', href: '/review', key: 'g r', icon: 'question' },
  { name: 'coverage', href: '/coverage', key: 'g o', icon: 'meter' },
  { name: 'settings', href: '/settings', key: 'g s', icon: 'gear' },
]

/** Which places there are for whom: the service refuses the others. */
const placesFor = ({ role }: Me): readonly Place[] =>
  PLACES.filter(
    ({ name }) =>
      !(name === 'call' && role === 'viewer') &&
      !(name === 'coverage' && role === 'agent') &&
      !(name === 'review' && role === 'viewer'),
  )

/** What is around every page: where to go, who is here, and the keys. */
export function Shell({ me, children }: { me: Me; children: ReactNode }) {
  const t = useTexts(SHELL_TEXTS)
  const [at, goTo] = useLocation()
  const isNarrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false })
  const { online: isOnline } = useNetwork()
  const [areKeysShown, keys] = useDisclosure(false)
  const places = placesFor(me)
  useKeys([
    ...places.map(({ name, href, key }) => ({ keys: key, label: t.goTo(t[name]), run: () => goTo(href) })),
    { keys: '?', label: t.showKeys, run: keys.toggle },
  ])
  const isHere = ({ href }: Place): boolean => at === href || at.startsWith(`${href}/`)

  return (
    <AppShell
      header={{ height: 44, collapsed: !isNarrow }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: true } }}
      footer={{ height: 56, collapsed: !isNarrow }}
      padding={isNarrow ? 'sm' : 'lg'}
    >
      <a href="#page" className={classes.skip}>
        {t.skip}
      </a>
      {isNarrow ? (
        <AppShell.Header px="sm" className={classes.head ?? ''}>
          <Name />
          <AccountMenu me={me} />
        </AppShell.Header>
      ) : (
        <AppShell.Navbar p="xs" component="nav" aria-label={t.places}>
          <Group p="xs" mb="sm">
            <Name />
          </Group>
          <Stack gap={2} flex={1}>
            {places.map((place) => (
              <NavLink
                key={place.name}
                component={Link}
                href={place.href}
                label={t[place.name]}
                leftSection={<Icon name={place.icon} />}
                rightSection={place.name === 'review' && <OpenItems me={me} />}
                active={isHere(place)}
                aria-current={isHere(place) ? 'page' : undefined}
                className={classes.link}
              />
            ))}
          </Stack>
          {isOnline && <LiveSign />}
          <Group gap={4} wrap="nowrap" justify="space-between">
            <AccountMenu me={me} />
            <ActionIcon
              variant="subtle"
              color="gray"
              onClick={keys.open}
              aria-label={t.showKeys}
              title={`${t.showKeys} (?)`}
            >
              ?
            </ActionIcon>
          </Group>
        </AppShell.Navbar>
      )}
      <AppShell.Main id="page" tabIndex={-1}>
        {!isOnline && (
          <Alert color="yellow" mb="md" role="status">
            {t.offline}
          </Alert>
        )}
        {isOnline && isNarrow && <LiveSign />}
        <UntoldSign />
        {children}
      </AppShell.Main>
      {isNarrow && (
        <AppShell.Footer component="nav" aria-label={t.places} className={classes.bar}>
          {places.map((place) => (
            <Link
              key={place.name}
              href={place.href}
              className={classes.tab ?? ''}
              {...(place.name === 'call' ? { 'aria-label': t.call } : {})}
              aria-current={isHere(place) ? 'page' : undefined}
            >
              <span className={classes.icon}>
                <Icon name={place.icon} />
                {place.name === 'review' && <OpenItems me={me} />}
              </span>
              <span>{place.name === 'call' ? t.callShort : t[place.name]}</span>
            </Link>
          ))}
        </AppShell.Footer>
      )}
      <KeysShown isShown={areKeysShown} onClose={keys.close} />
    </AppShell>
  )
}

/** How many items wait for a person. */
function OpenItems({ me }: { me: Me }) {
  const t = useTexts(SHELL_TEXTS)
  const open = useReviewCount(me.role !== 'viewer')
  if (open === null || open.count === 0) return null
  const shown = `${open.count}${open.isMore ? '+' : ''}`
  return (
    <Badge size="sm" circle={shown.length === 1} aria-label={t.openItems(shown)}>
      {shown}
    </Badge>
  )
}

const Name = () => (
  <Group gap="xs" wrap="nowrap">
    <img src="/assets/icon.svg" alt="" width={26} height={26} />
    <Text fw={650}>First Call</Text>
  </Group>
)

/** Who is here, and what is theirs. */
function AccountMenu({ me }: { me: Me }) {
  const t = useTexts(SHELL_TEXTS)
  const { language, setLanguage } = useLanguage()
  const { toggleColorScheme } = useMantineColorScheme()
  const queries = useQueryClient()
  const [, goTo] = useLocation()
  const leaving = useMutation({
    mutationFn: logOut,
    onSuccess: () => {
      goTo('/log-in')
      queries.clear()
    },
  })
  const isRefused = leaving.isError

  return (
    <>
      <Menu position="top-start" width={200}>
        <Menu.Target>
          <Button variant="subtle" color="gray" size="compact-md" className={classes.name} loading={leaving.isPending}>
            <bdi className={classes.cut}>{me.name}</bdi>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label className={classes.cut ?? ''}>{me.email ?? me.role}</Menu.Label>
          <Menu.Item component={Link} href="/settings/account">
            {t.account}
          </Menu.Item>
          <Menu.Item onClick={() => setLanguage(language === 'es' ? 'en' : 'es')}>{t.language}</Menu.Item>
          <Menu.Item onClick={toggleColorScheme}>{t.theme}</Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={() => leaving.mutate()}>{t.logOut}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={isRefused} onClose={leaving.reset} title={t.notLoggedOut}>
        <Stack role="alert">
          <Text size="sm">{isRefused && wordsOf(leaving.error, language)}</Text>
          <Group justify="end">
            <Button onClick={() => leaving.mutate()}>{t.logOut}</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}

function KeysShown({ isShown, onClose }: { isShown: boolean; onClose: () => void }) {
  const t = useTexts(SHELL_TEXTS)
  const all = useAllKeys()
  return (
    <Modal opened={isShown} onClose={onClose} title={t.keys}>
      <table className={classes.keys}>
        <tbody>
          {all.map(({ keys, label }) => (
            <tr key={keys + label}>
              <td>
                {keys.split(' ').map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </td>
              <td>{label}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  )
}
