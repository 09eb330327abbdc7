/** Every mechanism there is, in all forms that a rule could tell apart: what a right to use a key is tried with. */

import { formsOf } from '../../contract/mechanism-table.ts'
import {
  CIPHERS,
  type Cipher,
  DERIVATIONS,
  type Derivation,
  type Mechanism,
  SIGNING,
  WRAPPINGS,
  type Wrapping,
} from '../../contract/mechanisms.ts'

export const SIGNING_FORMS: readonly Mechanism[] = formsOf(SIGNING)
export const CIPHER_FORMS: readonly Cipher[] = formsOf(CIPHERS)
export const WRAPPING_FORMS: readonly Wrapping[] = formsOf(WRAPPINGS)
export const DERIVATION_FORMS: readonly Derivation[] = formsOf(DERIVATIONS)
