import { answer } from '../pipeline/pipeline.ts'

export const cryptoRandom = answer<'crypto.random'>({
  work: (_facts, { bytes }, { parts: { random } }) => ({
    data: Buffer.from(random(bytes)).toString('base64'),
  }),
})
