/** So long is waited where the browser does not say when it is idle, in ms. */
const SOON_MS = 500

/** That the browser has nothing else to do; what nobody waits for is loaded then. */
export const idle = (): Promise<void> =>
  new Promise((resolve) => {
    if ('requestIdleCallback' in window) window.requestIdleCallback(() => resolve())
    else setTimeout(resolve, SOON_MS)
  })
