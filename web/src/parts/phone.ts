/** A number in groups as people read it aloud, where we know how; else as it is. */
export function readablePhone(phone: string): string {
  const groups = /^(\+34)(\d{3})(\d{3})(\d{3})$/.exec(phone) ?? /^(\+1)(\d{3})(\d{3})(\d{4})$/.exec(phone)
  return groups === null ? phone : groups.slice(1).join(' ')
}
