import { Box } from '@mantine/core'
import { type ComponentProps, lazy, type ReactNode, Suspense } from 'react'
import { idle } from '../parts/idle.ts'
import { Broken } from '../shell/broken.tsx'

/* Parts of the page that are not there when it is opened. */

const PARTS = {
  changes: () => import('./changes.tsx'),
  player: () => import('./player.tsx'),
  newCall: () => import('./new-call.tsx'),
  moveCall: () => import('./move-call.tsx'),
  deleteCall: () => import('./delete-call.tsx'),
}

const LoadedChanges = lazy(async () => ({ default: (await PARTS.changes()).Changes }))
const LoadedPlayer = lazy(async () => ({ default: (await PARTS.player()).Player }))
const LoadedNewCall = lazy(async () => ({ default: (await PARTS.newCall()).NewCall }))
const LoadedMoveCall = lazy(async () => ({ default: (await PARTS.moveCall()).MoveCall }))
const LoadedDeleteCall = lazy(async () => ({ default: (await PARTS.deleteCall()).DeleteCall }))

/** Loads the dialogs before anybody asks for one, so that they are there at once, and without a connection, too. */
export async function loadDialogs(): Promise<void> {
  await idle()
  await Promise.allSettled([PARTS.newCall(), PARTS.moveCall(), PARTS.deleteCall()])
}

interface LaterProps {
  /** What it is shown of. */
  of: string
  /** The place that is kept for it meanwhile, in pixels. */
  height?: number
  children: ReactNode
}

function Later({ of, height = 0, children }: LaterProps) {
  return (
    <Broken at={of}>
      <Suspense fallback={height === 0 ? null : <Box h={height} aria-busy />}>{children}</Suspense>
    </Broken>
  )
}

/** Who changed one thing, page by page. */
export const Changes = (props: ComponentProps<typeof LoadedChanges>) => (
  <Later of={props.id}>
    <LoadedChanges {...props} />
  </Later>
)

const PLAYER_HEIGHT = 32

/** Plays one recording where it stands. */
export const Player = (props: ComponentProps<typeof LoadedPlayer>) => (
  <Later of={props.url} height={PLAYER_HEIGHT}>
    <LoadedPlayer {...props} />
  </Later>
)

/** Notes down a call. */
export const NewCall = (props: ComponentProps<typeof LoadedNewCall>) => (
  <Later of={props.contactId}>
    <LoadedNewCall {...props} />
  </Later>
)

/** Moves a call to another contact. */
export const MoveCall = (props: ComponentProps<typeof LoadedMoveCall>) => (
  <Later of={props.call.id}>
    <LoadedMoveCall {...props} />
  </Later>
)

/** Asks before a call is deleted. */
export const DeleteCall = (props: ComponentProps<typeof LoadedDeleteCall>) => (
  <Later of={props.call.id}>
    <LoadedDeleteCall {...props} />
  </Later>
)
