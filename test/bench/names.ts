/** The commonest first, as the data generator takes the first ones more often. */
export const FIRST_NAMES = (
  'María Antonio Carmen José Ana Manuel Laura Francisco Lucía David Marta Javier Cristina Daniel Paula Carlos Elena ' +
  'Jesús Sara Alejandro Isabel Miguel Raquel Rafael Pilar Pablo Rosa Ángel Beatriz Sergio Nuria Jorge Silvia Luis ' +
  'Irene Álvaro Teresa Iván Montserrat Andrés Inés Rubén Begoña Óscar Rocío Adrián Noelia Íñigo'
).split(' ')

/** The commonest first. */
export const LAST_NAMES = (
  'García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Hernández Ruiz Díaz Moreno ' +
  'Muñoz Álvarez Romero Gutiérrez Alonso Navarro Torres Domínguez Ramos Vázquez Ramírez Gil Serrano Morales Molina ' +
  'Blanco Suárez Castro Ortega Delgado Ortiz Marín Rubio Núñez Medina Sanz Castillo Iglesias Cortés Garrido Santos ' +
  'Guerrero Lozano Cano Cruz Méndez Flores Prieto Herrera Peña León Márquez Cabrera Gallego Calvo Vidal Campos Reyes ' +
  'Vega Fuentes Carrasco Díez Aguilar Caballero Nieto Santana Vargas Pascual Giménez Hidalgo Montero Lorenzo Santiago'
).split(' ')

/** One contact in many thousands has it. */
export const RARE_LAST_NAME = 'Urquiola'

export const PRODUCTS = (
  'Seguro de hogar,Hipoteca,Seguro de coche,Placas solares,Reforma de cocina,Curso de inglés,Fibra y móvil,' +
  'Plan de pensiones,Alarma,Seguro de salud,Caldera,Ventanas'
).split(',')

export const CITIES = (
  'Madrid,Barcelona,Valencia,Sevilla,Zaragoza,Málaga,Murcia,Palma,Bilbao,Alicante,Córdoba,Valladolid,Vigo,Gijón,' +
  'Granada,A Coruña,Vitoria,Oviedo,Pamplona,Almería,San Sebastián,Santander,Burgos,Albacete,Logroño,Badajoz'
).split(',')
