/** Where somebody was in a view: whoever comes back from a lead goes on there. */
interface Place {
  top: number
  active: string | null
}

const places = new Map<string, Place>()

/** The place in a view, as long as the document lives. */
export function rememberedPlace(view: string) {
  const place = places.get(view) ?? { top: 0, active: null }
  places.set(view, place)
  return {
    active: place.active,
    setActive: (id: string) => {
      place.active = id
    },
    get: () => place.top,
    set: (top: number) => {
      place.top = top
    },
  }
}
