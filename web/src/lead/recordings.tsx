import { Text } from '@mantine/core'
import { useTexts } from '../texts/language.ts'
import { Player } from './later.tsx'
import type { Call } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'

/** The recordings of a call: those that are there to be heard, of the others what became of them. */
export function Recordings({ call }: { call: Call }) {
  const t = useTexts(LEAD_TEXTS)
  const heard = call.recordings.filter(({ url }) => url !== null)
  return (
    <>
      {heard.map(({ id, url }, place) => (
        <Player
          key={id}
          url={url ?? ''}
          label={t.recording(place + 1, heard.length)}
          guess={call.duration_seconds ?? 0}
        />
      ))}
      {call.recordings.some(({ status }) => status === 'expected') && (
        <Text size="sm" c="dimmed">
          {t.expected}
        </Text>
      )}
      {call.recordings.some(({ status }) => status === 'missing') && (
        <Text size="sm" c="dimmed">
          {t.missing}
        </Text>
      )}
    </>
  )
}
