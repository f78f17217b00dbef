import { Anchor, Center, Loader, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { Link, Redirect, Route, Switch, useLocation } from 'wouter'
import { listen } from './api/live.ts'
import { refreshLeads } from './leads/queries.ts'
import { Fault } from './parts/fault.tsx'
import { AcceptPage } from './session/accept-page.tsx'
import { LogInPage } from './session/log-in-page.tsx'
import { type Me, useMe } from './session/me.ts'
import { Shell } from './shell/shell.tsx'
import { SHELL_TEXTS } from './shell/texts.ts'
import { useTexts } from './texts/language.ts'

/* Each page is loaded where it is shown. */
const CallNowPage = lazy(() => import('./call-now/page.tsx'))
const LeadsPage = lazy(() => import('./leads/page.tsx'))
const BoardPage = lazy(() => import('./board/page.tsx'))
const LeadPage = lazy(() => import('./lead/page.tsx'))
const CallsPage = lazy(() => import('./calls/page.tsx'))
const ReviewPage = lazy(() => import('./review/page.tsx'))
const CoveragePage = lazy(() => import('./coverage/page.tsx'))
const SettingsPage = lazy(() => import('./settings/page.tsx'))

/** Which page is at which address; but for two, one has to be logged in. */
export function App() {
  return (
    <Switch>
      <Route path="/log-in" component={LogInPage} />
      <Route path="/accept" component={AcceptPage} />
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
  useEffect(() => (userId === null ? undefined : listen(queries, refreshLeads)), [userId, queries])
  useEffect(() => {
    if (me.data === null) goTo(`/log-in?next=${encodeURIComponent(at + location.search)}`, { replace: true })
  }, [me.data, at, goTo])
  if (me.isError) {
    return (
      <Center mih="100dvh" p="md">
        <Fault error={me.error} onRetry={() => void me.refetch()} />
      </Center>
    )
  }
  if (me.data === undefined || me.data === null) return <Waiting />
  return (
    <Shell me={me.data}>
      <Suspense fallback={<Waiting />}>
        <Pages me={me.data} />
      </Suspense>
    </Shell>
  )
}

function Pages({ me }: { me: Me }) {
  return (
    <Switch>
      <Route path="/">
        <Redirect to={me.role === 'agent' ? '/call' : '/leads'} replace />
      </Route>
      <Route path="/call">
        <CallNowPage me={me} />
      </Route>
      <Route path="/leads">
        <LeadsPage me={me} />
      </Route>
      <Route path="/board">
        <BoardPage me={me} />
      </Route>
      <Route path="/leads/:id">{({ id }) => <LeadPage key={id} id={id} me={me} />}</Route>
      <Route path="/calls">
        <CallsPage />
      </Route>
      <Route path="/review">
        <ReviewPage me={me} />
      </Route>
      <Route path="/coverage">
        <CoveragePage />
      </Route>
      <Route path="/settings/:part?">{({ part }) => <SettingsPage me={me} part={part ?? null} />}</Route>
      <Route>
        <NotThere />
      </Route>
    </Switch>
  )
}

/** It comes late, so that what is there at once does not flicker. */
const Waiting = () => (
  <Center mih="60dvh">
    <Loader className="late" size="sm" />
  </Center>
)

function NotThere() {
  const t = useTexts(SHELL_TEXTS)
  return (
    <Stack align="start">
      <Text>{t.nothingHere}</Text>
      <Anchor component={Link} href="/">
        {t.toStart}
      </Anchor>
    </Stack>
  )
}
