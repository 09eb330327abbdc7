/** Mode and type of HSM, which are chosen when a cluster is founded and never change. */

/** In `fips` mode some mechanisms are refused, as on CloudHSM. */
export const MODES = ['fips', 'non-fips'] as const
export type Mode = (typeof MODES)[number]

/** The types that CloudHSM has, with their limits, and one without these limits. */
export const HSM_TYPES = ['hsm1.medium', 'hsm2m.medium', 'unlimited'] as const
export type HsmType = (typeof HSM_TYPES)[number]
