import type { InLanguages } from '../texts/language.ts'

const en = {
  title: 'Log in',
  email: 'E-mail address',
  password: 'Password',
  logIn: 'Log in',
  code: 'Code of your authenticator',
  codeHint: 'Six digits, or one of your backup codes.',
  confirm: 'Confirm',
  logOut: 'Log out',
  notInvited: 'Nobody can log in yet? Whoever runs First Call invites people: npx first-call user add',
  acceptTitle: 'Choose your password',
  acceptHint: '12 to 128 characters. A few words that only you would put together are best.',
  newPassword: 'New password',
  again: 'The same again',
  differs: 'It is not the same.',
  setPassword: 'Set the password',
  isSet: 'Your password is set. Log in with it now.',
  noLink: 'This link is not whole. Open the one that you were sent, or ask for a new one.',
}

export const SESSION_TEXTS: InLanguages<typeof en> = {
  en,
  es: {
    title: 'Entrar',
    email: 'Correo electrónico',
    password: 'Contraseña',
    logIn: 'Entrar',
    code: 'Código de su autenticador',
    codeHint: 'Seis cifras, o uno de sus códigos de reserva.',
    confirm: 'Confirmar',
    logOut: 'Salir',
    notInvited: '¿Aún no puede entrar nadie? Quien lleva First Call invita a las personas: npx first-call user add',
    acceptTitle: 'Elija su contraseña',
    acceptHint: 'De 12 a 128 caracteres. Lo mejor son unas palabras que solo usted juntaría.',
    newPassword: 'Contraseña nueva',
    again: 'Otra vez la misma',
    differs: 'No es la misma.',
    setPassword: 'Guardar la contraseña',
    isSet: 'Su contraseña está guardada. Entre ahora con ella.',
    noLink: 'Este enlace no está completo. Abra el que recibió, o pida uno nuevo.',
  },
}
