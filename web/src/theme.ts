import { type CSSVariablesResolver, createTheme, type MantineThemeOverride } from '@mantine/core'
import type { InLanguages, Language } from './texts/language.ts'

const CLOSE: InLanguages<string> = { en: 'Close', es: 'Cerrar' }

/** Calm: one colour of our own, the system's letters, little round. What Mantine says by itself is said in the language. */
export const themeIn = (language: Language): MantineThemeOverride =>
  createTheme({
    primaryColor: 'cyan',
    // White on it, and it on white, is read by those who see little: lighter shades are not.
    primaryShade: 9,
    defaultRadius: 'sm',
    cursorType: 'pointer',
    fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
    headings: { fontWeight: '650' },
    components: {
      Alert: { defaultProps: { closeButtonLabel: CLOSE[language] } },
      // At once: while a dialog fades, keys would still be its own.
      Modal: {
        defaultProps: { closeButtonProps: { 'aria-label': CLOSE[language] }, transitionProps: { duration: 0 } },
      },
      // What it would put first into a menu is not a part of one.
      Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    },
  })

/** Mantine's own of these have less than 4.5 times the brightness of what they stand on, or more than a 4.5th (WCAG 1.4.3). */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5c636a',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
    '--mantine-color-cyan-light-hover': 'var(--mantine-color-cyan-1)',
    '--mantine-color-green-light-color': '#1f6f31',
    '--mantine-color-yellow-light-color': '#7a4300',
    '--mantine-color-orange-light-color': '#9c3a08',
    '--mantine-color-red-light-color': '#a61e1e',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
  },
})
