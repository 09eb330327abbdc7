import { allow } from '../../policy/decision.ts'
import { read } from '../pipelines.ts'
import { policyState } from '../policy-state.ts'

export const policyShow = read<'policy.show'>(({ view }) => allow(policyState(view)))
