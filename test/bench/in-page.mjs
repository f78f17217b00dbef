/* Run in the page that is measured: each stands for itself, and leaves what it finds at the window. */

/** When something is there for the first time, by the page's clock, which begins with its address. */
export function watchForFirst(selector) {
  new MutationObserver((_, observer) => {
    if (document.querySelector(selector) === null) return
    observer.disconnect()
    // After the frame in which it is drawn.
    requestAnimationFrame(() =>
      setTimeout(() => {
        window.shownAt = performance.now()
      }),
    )
  }).observe(document, { childList: true, subtree: true })
}

/** How long after the next press all leads have a status. */
export function watchForFiltered({ leads, status }) {
  window.shownAt = undefined
  const isThere = () => {
    const rows = [...document.querySelectorAll(leads)]
    return rows.length > 0 && rows.every((row) => row.querySelector(`[data-status="${status}"]`) !== null)
  }
  const begin = () => {
    const pressedAt = performance.now()
    const observer = new MutationObserver(() => {
      if (!isThere()) return
      observer.disconnect()
      requestAnimationFrame(() =>
        setTimeout(() => {
          window.shownAt = performance.now() - pressedAt
        }),
      )
    })
    observer.observe(document.body, { childList: true, subtree: true, attributes: true, characterData: true })
  }
  document.addEventListener('click', begin, { once: true, capture: true })
}

/** Whether leads of several statuses are shown. */
export function isMixed(leads) {
  const marks = [...document.querySelectorAll(`${leads} [data-status]`)]
  return new Set(marks.map((mark) => mark.getAttribute('data-status'))).size > 1
}

export function countFrames() {
  const frameTimes = []
  let before = performance.now()
  const next = (now) => {
    frameTimes.push(now - before)
    before = now
    requestAnimationFrame(next)
  }
  requestAnimationFrame(next)
  Object.assign(window, { frameTimes })
}

/** Their ids. */
export function leadsShown(leads) {
  return [...document.querySelectorAll(leads)].map(({ id }) => id.slice('lead-'.length))
}

/** When a lead gets another attempt. */
export function watchPills(leads) {
  const pills = []
  const known = new Map()
  const look = () => {
    const at = Date.now()
    for (const row of document.querySelectorAll(leads)) {
      const attempts = row.querySelectorAll('[data-colour]:not([data-colour="none"])').length
      const lead = row.id.slice('lead-'.length)
      if ((known.get(lead) ?? attempts) < attempts) pills.push({ lead, attempts, at })
      known.set(lead, attempts)
    }
  }
  look()
  const observer = new MutationObserver(() => requestAnimationFrame(look))
  observer.observe(document.body, { childList: true, subtree: true, attributes: true })
  Object.assign(window, { pills })
}

/** What was watched for; nothing as long as it is not there. */
export function shownAt() {
  return window.shownAt
}
