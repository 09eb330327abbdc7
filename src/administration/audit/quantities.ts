/** Durations and sizes as people write them: a whole number and a unit. */

/** Smallest first. */
type Units = Readonly<Record<string, number>>

/** In seconds. */
export const DURATIONS = { s: 1, m: 60, h: 3600, d: 86_400 } as const satisfies Units
/** In bytes. */
export const SIZES = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const satisfies Units

/** However large; undefined for what is not written so. */
export function quantity(units: Units, text: string): number | undefined {
  const [, digits, name = ''] = /^(\d+)([A-Za-z]+)$/.exec(text) ?? []
  return digits !== undefined && Object.hasOwn(units, name) ? Number(digits) * (units[name] ?? 0) : undefined
}

/** In the largest unit of which it is a whole number, `90d`; undefined when there is none. */
export function inUnits(units: Units, amount: number): string | undefined {
  const fitting = Object.entries(units).findLast(([, unit]) => amount % unit === 0)
  return fitting && `${amount / fitting[1]}${fitting[0]}`
}
