import { Anchor, Center, Loader, Stack, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { Link, Redirect, Route, Switch, useLocation } from 'wouter'
import { listen } from './api/live.ts'
import { LeadsAhead } from './leads/ahead.tsx'
import { refreshLeads } from './leads/queries.ts'
import { Fault } from './parts/fault.tsx'
import { useTitle } from './parts/title.ts'
import { type Me, useMe } from './session/me.ts'
import { watchSession } from './session/over.ts'
import { Loaded } from './shell/loaded.tsx'
import { pageOf } from './shell/page-of.tsx'
import { Shell } from './shell/shell.tsx'
import { SHELL_TEXTS } from './shell/texts.ts'
import { useTexts } from './texts/language.ts'

/* Each page is loaded where it is shown. */
const LogInPage = pageOf(async () => ({ default: (await import('./session/log-in-page.tsx')).LogInPage }))
const AcceptPage = pageOf(async () => ({ default: (await import('./session/accept-page.tsx')).AcceptPage }))
const CallNowPage = pageOf(() => import('./call-now/page.tsx'))
const LeadsPage = pageOf(() => import('./leads/page.tsx'))
const BoardPage = pageOf(() => import('./board/page.tsx'))
const LeadPage = pageOf(() => import('./lead/page.tsx'))
const CallsPage = pageOf(() => import('./calls/page.tsx'))
const ReviewPage = pageOf(() => import('./review/page.tsx'))
const CoveragePage = pageOf(() => import('./coverage/page.tsx'))
const SettingsPage = pageOf(() => import('./settings/page.tsx'))

const BY_FIRST_WORD = new Map<string, { load: () => void }>([
  ['log-in', LogInPage],
  ['accept', AcceptPage],
  ['call', CallNowPage],
  ['leads', LeadsPage],
  ['board', BoardPage],
  ['calls', CallsPage],
  ['review', ReviewPage],
  ['coverage', CoveragePage],
  ['settings', SettingsPage],
])

/** The page at the address that was asked for is loaded while it is found out who asks. */
function loadFirstPage(): void {
  const [, word = '', id = ''] = location.pathname.split('/')
  const page = word === 'leads' && id !== '' ? LeadPage : BY_FIRST_WORD.get(word)
  page?.load()
}
loadFirstPage()

/** Which page is at which address; but for two, one has to be logged in. */
export function App() {
  return (
    <Switch>
      <Route path="/log-in">
        <Loaded meanwhile={<Waiting />}>
          <LogInPage />
        </Loaded>
      </Route>
      <Route path="/accept">
        <Loaded meanwhile={<Waiting />}>
          <AcceptPage />
        </Loaded>
      </Route>
      <Route>
        <Inside />
      </Route>
    </Switch>
  )
}

function Inside() {
  const me = useMe()
  const [at, goTo] = useLocation()
  const queries = useQueryClient()
  const userId = me.data?.id ?? null
  const role = me.data?.role ?? null
  useEffect(
    () => (userId === null || role === null ? undefined : listen(queries, refreshLeads, { id: userId, role })),
    [userId, role, queries],
  )
  useEffect(() => watchSession(queries), [queries])
  const wasInside = useRef(false)
  if (userId !== null) wasInside.current = true
  useEffect(() => {
    if (me.data !== null) return
    const over = wasInside.current ? 'over&' : ''
    goTo(`/log-in?${over}next=${encodeURIComponent(at + location.search)}`, { replace: true })
  }, [me.data, at, goTo])
  if (me.isError && me.data === undefined) {
    return (
      <Center mih="100dvh" p="md">
        <Fault error={me.error} onRetry={() => void me.refetch()} />
      </Center>
    )
  }
  if (me.data === undefined || me.data === null) return <Waiting />
  return (
    <>
      <Route path="/leads">
        <LeadsAhead />
      </Route>
      <Shell key={me.data.id} me={me.data}>
        <Loaded meanwhile={<Waiting />}>
          <Pages me={me.data} />
        </Loaded>
      </Shell>
    </>
  )
}

function Pages({ me }: { me: Me }) {
  const t = useTexts(SHELL_TEXTS)
  return (
    <Switch>
      <Route path="/">
        <Redirect to={me.role === 'agent' ? '/call' : '/leads'} replace />
      </Route>
      <Route path="/call">
        <Named name={t.call}>
          <CallNowPage me={me} />
        </Named>
      </Route>
      <Route path="/leads">
        <Named name={t.leads}>
          <LeadsPage me={me} />
        </Named>
      </Route>
      <Route path="/board">
        <Named name={t.board}>
          <BoardPage me={me} />
        </Named>
      </Route>
      <Route path="/leads/:id">{({ id }) => <LeadPage key={id} id={id} me={me} />}</Route>
      <Route path="/calls">
        <Named name={t.calls}>
          <CallsPage />
        </Named>
      </Route>
      <Route path="/review">
        <Named name={t.review}>
          <ReviewPage me={me} />
        </Named>
      </Route>
      <Route path="/coverage">
        <Named name={t.coverage}>
          <CoveragePage />
        </Named>
      </Route>
      <Route path="/settings/:part?">{({ part }) => <SettingsPage me={me} part={part ?? null} />}</Route>
      <Route>
        <NotThere />
      </Route>
    </Switch>
  )
}

/** A page under its name, as tabs and histories of browsers tell it. */
function Named({ name, children }: { name: string; children: ReactNode }) {
  useTitle(name)
  return children
}

/** It comes late, so that what is there at once does not flicker. */
const Waiting = () => (
  <Center mih="60dvh">
    <Loader className="late" size="sm" />
  </Center>
)

function NotThere() {
  const t = useTexts(SHELL_TEXTS)
  useTitle(t.nothingHere)
  return (
    <Stack align="start">
      <Title order={1} size="h2">
        {t.nothingHere}
      </Title>
      <Anchor component={Link} href="/">
        {t.toStart}
      </Anchor>
    </Stack>
  )
}
