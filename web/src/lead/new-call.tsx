import { Button, Checkbox, Chip, Group, Input, Modal, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core'
import { type ReactNode, useEffect, useId, useState } from 'react'
import { v7 as uuidv7 } from 'uuid'
import { answered, api, Problem } from '../api/client.ts'
import { type Said, type Saved, saveOutcome } from '../call-now/save.ts'
import { RESULTS, type Result, resultName } from '../parts/call-words.ts'
import { Fault } from '../parts/fault.tsx'
import { usePhoneFormat } from '../parts/phone.ts'
import { keepRings, type Ring, ringsOf, settledRingsOf } from '../parts/rings.ts'
import { timeOfDay } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { localOf, momentOf } from './call-details.tsx'
import { useKnown } from './known.ts'
import { type Call, DOORS, deleteCall } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'
import { useUndo } from './undo.tsx'

/** Notes down a call: one that the button of the lead has made, or another of which the PBX does not tell. */
export function NewCall({
  contactId,
  phones,
  isShown,
  onHide,
  onClose,
}: {
  contactId: string
  phones: readonly string[]
  isShown: boolean
  /** It is closed without a word: what was typed stays for when it is opened again. */
  onHide: () => void
  onClose: () => void
}) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const known = useKnown()
  const format = usePhoneFormat()
  const { offer } = useUndo()
  // One for as long as the dialog is open: sent twice it is one call.
  const [id] = useState(() => uuidv7())
  const [opened, setOpened] = useState(() => foundFor(contactId))
  useEffect(() => {
    if (isShown) setOpened(foundFor(contactId))
  }, [isShown, contactId])
  const [typedWhen, setTypedWhen] = useState<string | null>(null)
  const when = typedWhen ?? opened.now
  const [direction, setDirection] = useState<Call['direction']>('outbound')
  const [result, setResult] = useState<Result['name'] | null>(null)
  const [minutes, setMinutes] = useState('')
  const [seconds, setSeconds] = useState('')
  const [notes, setNotes] = useState('')
  /** The ring of which it is said that this was another call. */
  const [deniedAt, setDeniedAt] = useState<number | null>(null)
  /** Of a call that the device makes by itself nobody tells. */
  const askedOf = ([latest]: readonly Ring[]): Ring | null =>
    latest !== undefined && latest.asked !== null && direction === 'outbound' ? latest : null
  const rungOf = (rings: readonly Ring[]): Ring | null => {
    const asked = askedOf(rings)
    return asked?.at === deniedAt ? null : asked
  }
  const asked = askedOf(opened.rings)
  const rung = rungOf(opened.rings)
  const [isSaving, setSaving] = useState(false)
  const isTouched = result !== null || notes !== '' || minutes !== '' || seconds !== '' || typedWhen !== null
  const [fault, setFault] = useState<unknown>(null)

  const save = async () => {
    const chosen = RESULTS.find(({ name }) => name === result)
    const said = {
      call_status: chosen?.call_status ?? null,
      call_result: result === 'wrongNumber' ? t.wrongNumber : null,
      resumen_llamada: notes.trim() === '' ? null : notes,
    }
    setSaving(true)
    setFault(null)
    try {
      // The PBX may have rung since the dialog was opened: it is one call.
      const rings = await settledRingsOf(contactId)
      const ring = rungOf(rings)
      const { call, undo } = await (ring === null ? saveEntered(said, rings) : saveRung(ring, said, rings))
      known.changed('call', call)
      offer(t.callSaved, async () => {
        await undo()
        known.touched()
        return true
      })
      onClose()
    } catch (error) {
      setFault(error)
      setSaving(false)
    }
  }

  /** Said of the call that the PBX tells of, or will. */
  async function saveRung({ phone, at }: Ring, said: Said, rings: readonly Ring[]): Promise<Saved> {
    const saved = await saveOutcome({ contactId, phone, since: at, rings, ownId: id, said })
    keepRings(contactId, [])
    const undo = async () => {
      await saved.undo()
      keepRings(contactId, rings)
    }
    return { ...saved, undo }
  }

  async function saveEntered(said: Said, [latest]: readonly Ring[]): Promise<Pick<Saved, 'call' | 'undo'>> {
    const lasted = minutes === '' && seconds === '' ? null : Number(minutes) * 60 + Number(seconds)
    const call = await saveOnce(id, {
      ...said,
      direction,
      entity_type: 'contacts',
      entity_id: contactId,
      phone_number: (direction === 'outbound' ? latest?.phone : undefined) ?? phones[0] ?? null,
      started_at: momentOf(when),
      duration_seconds: lasted,
    })
    if (latest?.asked === null) keepRings(contactId, [])
    return { call, undo: async () => void (await deleteCall(await DOORS.call.read(id))) }
  }

  return (
    <Modal opened={isShown} onClose={isTouched ? onHide : onClose} title={t.newCallTitle} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <Stack>
          {asked !== null && (
            <Checkbox
              checked={rung !== null}
              onChange={(event) => setDeniedAt(event.target.checked ? null : asked.at)}
              label={t.wasRung(format(asked.phone), timeOfDay(new Date(asked.at).toISOString(), language))}
              description={t.wasRungMore}
            />
          )}
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            {rung === null && (
              <TextInput
                label={t.when}
                type="datetime-local"
                required
                value={when}
                onChange={(event) => setTypedWhen(event.target.value)}
              />
            )}
            <Choice
              label={t.direction}
              value={direction}
              onChange={(value) => setDirection(value as Call['direction'])}
            >
              <Chip value="outbound">{t.outbound}</Chip>
              <Chip value="inbound">{t.inbound}</Chip>
            </Choice>
          </SimpleGrid>
          <Choice label={t.howDidItGo} value={result} onChange={(value) => setResult(value as Result['name'])}>
            {RESULTS.map((one, place) => (
              <Chip key={one.name} value={one.name} {...(place === 0 ? { 'data-autofocus': true } : {})}>
                {resultName(one, language)}
              </Chip>
            ))}
          </Choice>
          <Group gap="xs" align="end" display={rung === null ? undefined : 'none'}>
            <CountInput
              label={t.howLong}
              unit={t.minutes}
              name={`${t.howLong}: ${t.minutes}`}
              value={minutes}
              onChange={setMinutes}
            />
            <CountInput
              unit={t.seconds}
              name={`${t.howLong}: ${t.seconds}`}
              most={59}
              value={seconds}
              onChange={setSeconds}
            />
          </Group>
          <Textarea
            label={t.notes}
            autosize
            minRows={2}
            maxRows={8}
            dir="auto"
            value={notes}
            onChange={(event) => setNotes(event.target.value)}
          />
          {fault !== null && <Fault error={fault} />}
          <Group justify="end">
            <Button variant="default" onClick={onClose}>
              {t.cancel}
            </Button>
            <Button type="submit" loading={isSaving}>
              {t.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

interface ChoiceProps {
  label: string
  value: string | null
  onChange: (value: string) => void
  children: ReactNode
}

/** One of several that are all in sight. */
function Choice({ label, value, onChange, children }: ChoiceProps) {
  const id = useId()
  return (
    <div>
      <Input.Label component="div" id={id}>
        {label}
      </Input.Label>
      <Chip.Group value={value} onChange={onChange}>
        <Group gap={8} role="radiogroup" aria-labelledby={id}>
          {children}
        </Group>
      </Chip.Group>
    </div>
  )
}

interface CountInputProps {
  label?: string
  unit: string
  /** For who does not see the unit. */
  name: string
  most?: number
  value: string
  onChange: (digits: string) => void
}

/** So many minutes, or seconds. */
function CountInput({ label, unit, name, most, value, onChange }: CountInputProps) {
  return (
    <TextInput
      label={label}
      aria-label={name}
      rightSection={unit}
      rightSectionWidth={44}
      inputMode="numeric"
      autoComplete="off"
      maxLength={4}
      w={100}
      value={value}
      onChange={(event) => onChange(event.target.value.replace(/\D/g, ''))}
      onBlur={() => most !== undefined && Number(value) > most && onChange(String(most))}
    />
  )
}

/** What there is to say when the dialog is opened: the time, and who rang from here. */
const foundFor = (contactId: string) => ({
  now: localOf(new Date().toISOString()).slice(0, 16),
  rings: ringsOf(contactId),
})

type Fields = Partial<Call> & Pick<Call, 'direction'>

/** Makes the call; where an earlier try got through without our hearing of it, that call becomes what is wanted now. */
async function saveOnce(id: string, fields: Fields): Promise<Call> {
  const { direction, ...rest } = fields
  const body = { direction, ...given(rest) }
  try {
    return await answered(api.POST('/api/crm/calls', { body: { id, ...body } }))
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 409) throw error
    const { revision } = await DOORS.call.read(id)
    return DOORS.call.change(id, body, revision)
  }
}

/** Of a call's fields those that a client writes. */
const given = ({
  entity_type = null,
  entity_id = null,
  call_status = null,
  call_result = null,
  resumen_llamada = null,
  phone_number = null,
  started_at = null,
  duration_seconds = null,
}: Partial<Call>) => ({
  entity_type,
  entity_id,
  call_status,
  call_result,
  resumen_llamada,
  phone_number,
  started_at,
  duration_seconds,
})
