import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import { When } from '../parts/time.tsx'
import { useTexts } from '../texts/language.ts'
import classes from './call-now.module.css'
import type { Lead } from './queue.ts'
import { CALL_NOW_TEXTS } from './texts.ts'

const LOOKED_AT = 10

const isSaid = (text: string | null | undefined): text is string => text != null && text.trim() !== ''

/** What was noted last: of a call, whichever way it went, else of an attempt that an older system made. */
export function LastNotes({ lead: { opportunity } }: { lead: Lead }) {
  const t = useTexts(CALL_NOW_TEXTS)
  const query = { entity_id: opportunity.contact_id, limit: LOOKED_AT }
  const calls = useQuery({
    queryKey: ['calls', query],
    queryFn: () => answered(api.GET('/api/crm/calls', { params: { query } })),
  })
  const ofCalls = (calls.data?.data ?? []).map((call) => ({
    at: call.started_at ?? call.created_at,
    text: [call.resumen_llamada, call.call_result].find(isSaid),
  }))
  const ofAttempts = Object.values(opportunity.first_call_attempts).map(({ attempted_at: at, notes }) => ({
    at,
    text: notes,
  }))
  const [last] = [...ofCalls, ...ofAttempts]
    .filter(({ text }) => isSaid(text))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
  if (last === undefined) return null
  return (
    <div className={classes.last}>
      <Text size="sm" c="dimmed">
        {t.last} <When at={last.at} />
      </Text>
      <Text dir="auto">{last.text}</Text>
    </div>
  )
}
