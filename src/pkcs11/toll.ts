/** What a program costs before it has logged in, where that is limited. */

export type Toll = {
  /** Whether more of what came is taken up now; asked again after `LOOK_AGAIN_MS` otherwise. */
  mayGoOn(): boolean
  /** That much of the event loop was spent on it. */
  charge(ms: number): void
  /** Bytes have come. */
  arrived(bytes: number): void
}

export const LOOK_AGAIN_MS = 20

/** What those who are not logged in may spend. */
export type AnonymousBudget = {
  has(): boolean
  charge(ms: number): void
  /** Of the event loop for each byte, besides what is measured. */
  readonly msPerByte: number
}

const FREE: Toll = { mayGoOn: () => true, charge: () => undefined, arrived: () => undefined }

/** @param budget left out: nothing is limited */
export function createToll(budget: AnonymousBudget | undefined, isLoggedIn: () => boolean): Toll {
  if (!budget) return FREE
  return {
    mayGoOn: () => isLoggedIn() || budget.has(),
    charge(ms) {
      if (!isLoggedIn()) budget.charge(ms)
    },
    arrived(bytes) {
      if (!isLoggedIn()) budget.charge(bytes * budget.msPerByte)
    },
  }
}
