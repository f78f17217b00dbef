import { ActionIcon, Anchor, Group, Text, UnstyledButton } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTexts } from '../texts/language.ts'
import classes from './player.module.css'
import { LEAD_TEXTS } from './texts.ts'

const SPEEDS = [1, 1.25, 1.5, 2] as const

/** `1:02`. */
const formatClock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`

/**
 * Plays one recording where it stands; nothing is fetched before.
 *
 * @param guess how long it may be, in seconds, until it is known
 */
export function Player({ url, label, guess }: { url: string; label: string; guess: number }) {
  const t = useTexts(LEAD_TEXTS)
  const audio = useRef<HTMLAudioElement>(null)
  const [isPlaying, setPlaying] = useState(false)
  const [at, setAt] = useState(0)
  const [length, setLength] = useState<number | null>(null)
  const [speed, setSpeed] = useState<(typeof SPEEDS)[number]>(1)
  const [isFaulty, setFaulty] = useState(false)
  const shownLength = length ?? guess
  // A seek before it is loaded is kept for then.
  const wanted = useRef<number | null>(null)
  useEffect(() => {
    if (audio.current !== null) audio.current.playbackRate = speed
  }, [speed])

  const toggle = () => {
    const element = audio.current
    if (element === null) return
    if (!element.paused) return element.pause()
    for (const other of document.querySelectorAll('audio')) if (other !== element) other.pause()
    element.play().catch((error: unknown) => {
      // A pause that came before it could begin is no fault.
      if (!(error instanceof DOMException && error.name === 'AbortError')) setFaulty(true)
    })
  }
  const seek = (seconds: number) => {
    setAt(seconds)
    if (audio.current !== null && audio.current.readyState > 0) audio.current.currentTime = seconds
    else wanted.current = seconds
  }

  if (isFaulty) {
    return (
      <Text size="sm" role="alert">
        {t.cannotPlay}{' '}
        <Anchor href={url} download>
          {t.download}
        </Anchor>
      </Text>
    )
  }
  return (
    <fieldset className={classes.player} aria-label={label}>
      {/* biome-ignore lint/a11y/useMediaCaption: nobody has written down what was said on the telephone */}
      <audio
        ref={audio}
        src={url}
        preload="none"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
        onTimeUpdate={({ currentTarget }) => setAt(currentTarget.currentTime)}
        onDurationChange={({ currentTarget }) =>
          setLength(Number.isFinite(currentTarget.duration) ? currentTarget.duration : null)
        }
        onLoadedMetadata={({ currentTarget }) => {
          currentTarget.playbackRate = speed
          if (wanted.current !== null) currentTarget.currentTime = wanted.current
          wanted.current = null
        }}
        onError={() => setFaulty(true)}
      />
      <Group gap="xs" wrap="nowrap">
        <ActionIcon
          variant="light"
          radius="xl"
          size="md"
          onClick={toggle}
          aria-label={`${isPlaying ? t.pause : t.play}: ${label}`}
        >
          <svg viewBox="0 0 24 24" width={16} height={16} aria-hidden="true" fill="currentColor">
            <path d={isPlaying ? 'M7 5h4v14H7zM13 5h4v14h-4z' : 'M8 5l11 7-11 7z'} />
          </svg>
        </ActionIcon>
        <input
          type="range"
          className={classes.slider}
          min={0}
          max={Math.max(1, shownLength)}
          step={1}
          value={Math.min(at, Math.max(1, shownLength))}
          onChange={(event) => seek(Number(event.target.value))}
          aria-label={t.position}
          aria-valuetext={t.ofLength(formatClock(at), formatClock(shownLength))}
        />
        <span className={classes.clock}>
          {formatClock(at)} / {formatClock(shownLength)}
        </span>
        <UnstyledButton
          className={classes.speed ?? ''}
          aria-label={`${t.speed}: ${speed}×`}
          title={t.speed}
          onClick={() => setSpeed(SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length] ?? 1)}
        >
          {speed}×
        </UnstyledButton>
      </Group>
    </fieldset>
  )
}
