const STORED_AS = 'first-call extension'

/** The extension of the PBX at which whoever uses this browser is called first; null where it was not asked yet. */
export const rememberedExtension = (): string | null => localStorage.getItem(STORED_AS)

export const rememberExtension = (extension: string): void => localStorage.setItem(STORED_AS, extension)

/** Whether it can be one: up to six digits, not all of them zero. */
export const isExtension = (text: string): boolean => /^\d{1,6}$/.test(text) && !/^0+$/.test(text)
