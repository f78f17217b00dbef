import { useEffect, useState } from 'react'
import { idle } from './idle.ts'

type Format = (number: string) => string

/** Told once, and then known: the rules of all countries are as large as a page, and nothing waits for them. */
let loading: Promise<Format> | null = null

function loadFormat(): Promise<Format> {
  loading ??= idle().then(async () => {
    const { parsePhoneNumberFromString } = await import('libphonenumber-js/min')
    return (number) => parsePhoneNumberFromString(number)?.formatInternational() ?? number
  })
  return loading
}

/** How numbers are written for people; as they are until that is known, or where it cannot be had. */
export function usePhoneFormat(): Format {
  const [format, setFormat] = useState<Format>(() => asItIs)
  useEffect(() => {
    let isWanted = true
    void loadFormat().then(
      (loaded) => isWanted && setFormat(() => loaded),
      () => undefined,
    )
    return () => {
      isWanted = false
    }
  }, [])
  return format
}

const asItIs: Format = (number) => number
