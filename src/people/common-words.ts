/**
 * Words of which passwords are made that everybody tries: those that head every published list of stolen passwords and
 * have letters, and what is near at hand here. In lower case, without accents, letters only.
 */
export const COMMON_WORDS: readonly string[] = [
  ...'a i o e y un una el la los las de del mi tu su the my is me you and to for in we are'.split(' '),
  ...'password passwort passwd pass contrasena contrasenya clave secreto secret secreta acceso access entrar login'.split(
    ' ',
  ),
  ...'admin administrator administrador root user usuario guest invitado test testing prueba pruebas demo default'.split(
    ' ',
  ),
  ...'changeme change cambiame letmein let welcome bienvenido bienvenida hola hello hi buenos dias master maestro'.split(
    ' ',
  ),
  ...'qwerty qwertyuiop qwert asdf asdfgh asdfghjkl zxcvbn zxcvbnm qaz wsx qazwsx azerty abc abcd abcdef abcdefg'.split(
    ' ',
  ),
  ...'iloveyou love teamo tequiero amor corazon cariño bebe princesa princess angel sunshine flower mariposa'.split(
    ' ',
  ),
  ...'monkey dragon shadow superman batman pokemon starwars spiderman naruto matrix tigger charlie michael jordan'.split(
    ' ',
  ),
  ...'football futbol baseball basketball soccer hockey realmadrid madrid barcelona barca atletico betis sevilla'.split(
    ' ',
  ),
  ...'valencia espana spain catalunya mexico argentina colombia summer verano winter invierno spring primavera autumn'.split(
    ' ',
  ),
  ...'otono enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre january february'.split(
    ' ',
  ),
  ...'march april may june july august september october november december monday lunes martes miercoles jueves'.split(
    ' ',
  ),
  ...'viernes friday sabado domingo sunday computer ordenador internet google facebook windows microsoft apple'.split(
    ' ',
  ),
  ...'samsung linux server servidor oficina office empresa company ventas sales comercial telefono phone llamada'.split(
    ' ',
  ),
  ...'llamadas call calls first firstcall primera primeracall crm zadarma system sistema security seguridad'.split(' '),
  ...'trustno trustnoone nothing nada whatever freedom libertad killer hunter ranger buster harley thunder'.split(' '),
  ...'correct horse battery staple correcthorsebatterystaple please porfavor gracias thanks jesus maria jose juan'.split(
    ' ',
  ),
  ...'carlos antonio david daniel javier laura ana pedro luis pablo manuel alejandro cristina andrea jessica ashley'.split(
    ' ',
  ),
].map((word) => word.normalize('NFD').replace(/[^\p{L}]/gu, ''))
