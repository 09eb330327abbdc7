/** ML-DSA as CKA_CLOUDHSM_PARAMETER_SET names it: CKP_CLOUDHSM_ML_DSA_44 and so on, by numbers of our own. */
import type { MlDsaAlgorithm } from '../../contract/algorithms.ts'

const SETS: Readonly<Record<MlDsaAlgorithm, number>> = { 'ML-DSA-44': 1, 'ML-DSA-65': 2, 'ML-DSA-87': 3 }
const BY_SET = new Map(Object.entries(SETS).map(([algorithm, set]) => [set, algorithm as MlDsaAlgorithm]))

/** CKA_CLOUDHSM_PARAMETER_SET. */
export const parameterSet = (algorithm: MlDsaAlgorithm): number => SETS[algorithm]

/** Undefined for a number that names none. */
export const mlDsaOf = (set: number): MlDsaAlgorithm | undefined => BY_SET.get(set)
