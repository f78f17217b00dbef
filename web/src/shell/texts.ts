import type { InLanguages } from '../texts/language.ts'

const en = {
  call: 'Call now',
  leads: 'Leads',
  board: 'Board',
  review: 'Review',
  coverage: 'Coverage',
  settings: 'Settings',
  goTo: (place: string) => `Go to ${place}`,
  keys: 'Keys',
  showKeys: 'Show the keys',
  theme: 'Light or dark',
  language: 'Español',
  account: 'Account',
  logOut: 'Log out',
  skip: 'Skip to the page',
  nothingHere: 'There is no page at this address.',
  toStart: 'To the start',
  offline: 'You are offline. What you see may be old; it is brought up to date as soon as you are back.',
}

export const SHELL_TEXTS: InLanguages<typeof en> = {
  en,
  es: {
    call: 'Llamar ahora',
    leads: 'Contactos',
    board: 'Tablero',
    review: 'Revisar',
    coverage: 'Cobertura',
    settings: 'Ajustes',
    goTo: (place) => `Ir a ${place}`,
    keys: 'Teclas',
    showKeys: 'Mostrar las teclas',
    theme: 'Claro u oscuro',
    language: 'English',
    account: 'Cuenta',
    logOut: 'Salir',
    skip: 'Saltar a la página',
    nothingHere: 'No hay ninguna página en esta dirección.',
    toStart: 'Al inicio',
    offline: 'No tiene conexión. Lo que ve puede ser antiguo; se pone al día en cuanto vuelva.',
  },
}
