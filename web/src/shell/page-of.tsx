import { type ComponentType, createElement, lazy, useState } from 'react'

/** A page, and what loads it before it is shown. */
export type LoadablePage<Props extends object> = ComponentType<Props> & { load: () => void }

interface Source<Props extends object> {
  known: ComponentType<Props> | null
  later: ComponentType<Props>
}

/** A page that is loaded where it is shown, or before. */
export function pageOf<Props extends object>(
  ask: () => Promise<{ default: ComponentType<Props> }>,
): LoadablePage<Props> {
  const source: Source<Props> = { known: null, later: lazy(loadIt) }
  async function loadIt() {
    const asked = await ask()
    source.known = asked.default
    return asked
  }
  return Object.assign((props: Props) => <Shown source={source} props={props} />, {
    load: () => void loadIt().catch(() => undefined),
  })
}

/** React puts something in the place of whatever is lazy, if only for a moment, and then leaves it there for 300 ms. */
function Shown<Props extends object>({ source, props }: { source: Source<Props>; props: Props }) {
  const [page] = useState<ComponentType<Props>>(() => source.known ?? source.later)
  return createElement(page, props)
}
