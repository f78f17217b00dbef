// Loaded before a service: its clock is wrong by CLOCK_SHIFT_MS.
const shiftMs = Number(process.env.CLOCK_SHIFT_MS)
const TrueDate = Date
globalThis.Date = class extends TrueDate {
  constructor(...given) {
    if (given.length === 0) super(TrueDate.now() + shiftMs)
    else super(...given)
  }

  static now() {
    return TrueDate.now() + shiftMs
  }
}
