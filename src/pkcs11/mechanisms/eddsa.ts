import type { Mechanism } from '../../contract/mechanisms.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { type CallerMechanism, parameterOf } from './parameters.ts'

/**
 * Ed25519 without a parameter; with one Ed25519ph, whose context is empty (PKCS#11 v3.0 mechanisms §2.3.14). Throws
 * CKR_MECHANISM_PARAM_INVALID for a context, and for Ed25519ctx.
 */
export function edDsaOf(given: CallerMechanism): Mechanism {
  if (!given.parameter) return { name: 'ed25519' }
  const { prehash, context } = parameterOf(given, 'eddsa')
  const isPrehashed = prehash.length === 1 && prehash[0] === 1
  if (!isPrehashed || context.length > 0)
    return refuse(
      CKR.MECHANISM_PARAM_INVALID,
      'The parameter of EdDSA can only say phFlag, without a context',
    )
  return { name: 'ed25519ph', input: 'raw' }
}
