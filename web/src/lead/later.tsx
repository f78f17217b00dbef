import { Box } from '@mantine/core'
import { type ComponentType, createElement, lazy, type ReactNode } from 'react'
import { idle } from '../parts/idle.ts'
import { Loaded } from '../shell/loaded.tsx'

/* Parts of the page that are not there when it is opened. */

/** @param meanwhile keeps its place */
function later<Props extends object>(load: () => Promise<ComponentType<Props>>, meanwhile: ReactNode = null) {
  const Part: ComponentType<Props> = lazy(async () => ({ default: await load() }))
  return (props: Props) => <Loaded meanwhile={meanwhile}>{createElement(Part, props)}</Loaded>
}

const loadNewCall = async () => (await import('./new-call.tsx')).NewCall
const loadMoveCall = async () => (await import('./move-call.tsx')).MoveCall
const loadDeleteCall = async () => (await import('./delete-call.tsx')).DeleteCall

export const NewCall = later(loadNewCall)
export const MoveCall = later(loadMoveCall)
export const DeleteCall = later(loadDeleteCall)
export const Changes = later(async () => (await import('./changes.tsx')).Changes)
export const Player = later(async () => (await import('./player.tsx')).Player, <Box h={32} aria-busy />)

/** Loads the dialogs before anybody asks for one, so that they are there at once, and without a connection, too. */
export async function loadDialogs(): Promise<void> {
  await idle()
  await Promise.allSettled([loadNewCall(), loadMoveCall(), loadDeleteCall()])
}
