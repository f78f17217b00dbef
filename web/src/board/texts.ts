import type { InLanguages } from '../texts/language.ts'

const en = {
  board: 'Board',
  asTable: 'As a table',
  column: (status: string, count: string) => `${status}, ${count}`,
  empty: 'None',
  more: 'More',
  again: 'Try again',
  moveTo: 'Move to…',
  move: (name: string) => `Move ${name} to…`,
  open: 'Open the lead',
  nobody: 'nobody',
  noName: 'no name',
  card: 'lead that can be moved',
  instructions:
    'Press Space to lift a lead. With it, the left and right arrows go to another status. Space again puts it down, Escape puts it back. Enter opens the lead.',
  lifted: (name: string) => `${name} is lifted.`,
  over: (name: string, status: string) => `${name} is over ${status}.`,
  overNothing: (name: string) => `${name} is over no status.`,
  put: (name: string, status: string) => `${name} was moved to ${status}.`,
  putNowhere: (name: string) => `${name} stays where it was.`,
  cancelled: (name: string) => `${name} was put back.`,
}

export const BOARD_TEXTS: InLanguages<typeof en> = {
  en,
  es: {
    board: 'Tablero',
    asTable: 'Como tabla',
    column: (status, count) => `${status}, ${count}`,
    empty: 'Ninguno',
    more: 'Más',
    again: 'Intentar de nuevo',
    moveTo: 'Mover a…',
    move: (name) => `Mover ${name} a…`,
    open: 'Abrir el contacto',
    nobody: 'nadie',
    noName: 'sin nombre',
    card: 'contacto que se puede mover',
    instructions:
      'Pulse Espacio para levantar un contacto. Con él, las flechas izquierda y derecha van a otro estado. Espacio otra vez lo deja, Escape lo devuelve. Intro abre el contacto.',
    lifted: (name) => `${name} está levantado.`,
    over: (name, status) => `${name} está sobre ${status}.`,
    overNothing: (name) => `${name} no está sobre ningún estado.`,
    put: (name, status) => `${name} se ha movido a ${status}.`,
    putNowhere: (name) => `${name} se queda donde estaba.`,
    cancelled: (name) => `${name} ha vuelto a su sitio.`,
  },
}
