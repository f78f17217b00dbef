/** The value below which this share of the values lies (nearest rank); 0 where there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

/** The middle one of the values. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}
