import { answer } from '../pipeline/pipeline.ts'

export const cryptoRandom = answer<'crypto.random'>({
  work: ({ parts: { random } }, { bytes }) => ({ data: Buffer.from(random(bytes)).toString('base64') }),
})
