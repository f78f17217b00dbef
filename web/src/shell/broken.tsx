import { Alert, Button, Group } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useTexts } from '../texts/language.ts'
import { SHELL_TEXTS } from './texts.ts'

/** What browsers say of a part of the program that cannot be had: after a new version was set up, the old parts are gone. */
const MISSING = /dynamically imported module|importing a module script failed|unable to preload/i

interface BrokenProps {
  /** The address: at another one, it is tried anew. */
  at: string
  children: ReactNode
}

/** Shows what is in it; where that breaks, says so in its place, and leaves what is around it as it is. */
export class Broken extends Component<BrokenProps, { error: unknown }> {
  override state = { error: null as unknown }

  static getDerivedStateFromError = (error: unknown) => ({ error })

  override componentDidUpdate({ at }: BrokenProps): void {
    if (at !== this.props.at && this.state.error !== null) this.setState({ error: null })
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return <LoadAgain isMissing={error instanceof Error && MISSING.test(error.message)} />
  }
}

function LoadAgain({ isMissing }: { isMissing: boolean }) {
  const t = useTexts(SHELL_TEXTS)
  const [title, more] = !isMissing
    ? [t.broken, t.brokenMore]
    : navigator.onLine
      ? [t.newVersion, t.newVersionMore]
      : [t.notLoaded, t.notLoadedMore]
  return (
    <Alert color={isMissing ? 'yellow' : 'red'} title={title} role="alert" maw={560}>
      {more}
      <Group mt="sm">
        <Button size="xs" variant="default" onClick={() => location.reload()}>
          {t.loadAgain}
        </Button>
      </Group>
    </Alert>
  )
}
