import { Skeleton } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTexts } from '../texts/language.ts'
import classes from './settings.module.css'
import { SETTINGS_TEXTS } from './texts.ts'

/** Modules around it that stay white, as readers need them. */
const MARGIN = 4

interface Drawn {
  size: number
  /** The dark modules. */
  path: string
}

/** A text for a camera: dark on white in either scheme. */
export function QrCode({ text }: { text: string }) {
  const t = useTexts(SETTINGS_TEXTS)
  const [drawn, setDrawn] = useState<Drawn | null>(null)
  useEffect(() => {
    let isWanted = true
    void draw(text).then((done) => isWanted && setDrawn(done))
    return () => {
      isWanted = false
    }
  }, [text])
  if (drawn === null) return <Skeleton className={classes.qr ?? ''} />
  return (
    <svg
      viewBox={`0 0 ${drawn.size} ${drawn.size}`}
      className={classes.qr}
      role="img"
      aria-label={t.qrCode}
      shapeRendering="crispEdges"
    >
      <rect width={drawn.size} height={drawn.size} fill="#fff" />
      <path d={drawn.path} fill="#000" />
    </svg>
  )
}

async function draw(text: string): Promise<Drawn> {
  const { default: qrcode } = await import('qrcode-generator')
  const code = qrcode(0, 'M')
  code.addData(text)
  code.make()
  const count = code.getModuleCount()
  const places = Array.from({ length: count }, (_, place) => place)
  const path = places
    .flatMap((row) =>
      places
        .filter((column) => code.isDark(row, column))
        .map((column) => `M${column + MARGIN} ${row + MARGIN}h1v1h-1z`),
    )
    .join('')
  return { size: count + 2 * MARGIN, path }
}
