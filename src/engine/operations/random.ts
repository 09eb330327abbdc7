import { asBytes } from '../../base/bytes.ts'
import { answer } from '../pipeline/pipeline.ts'

export const cryptoRandom = answer<'crypto.random'>({
  work: (_facts, { bytes }, { parts: { random } }) => ({
    data: asBytes(random(bytes)),
  }),
})
