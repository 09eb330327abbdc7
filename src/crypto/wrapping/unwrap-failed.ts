import { HsmError } from '../../contract/errors.ts'

/** One answer for whatever is wrong with a wrapped key, so that it tells nothing of what is inside. */
export const unwrapFailed = (): HsmError => new HsmError('unwrap-failed')
