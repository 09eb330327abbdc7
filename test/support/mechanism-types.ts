import { MECHANISM_TYPES } from '../../src/contract/mechanism-types.ts'

type Types = typeof MECHANISM_TYPES

/** Mechanism types of PKCS#11 by the names of its headers. */
export const CKM = Object.fromEntries(
  Object.entries(MECHANISM_TYPES).map(([name, { value }]) => [name, value]),
) as { readonly [N in keyof Types]: Types[N]['value'] }
