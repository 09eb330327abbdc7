import type { Handler } from '../pipelines.ts'

export const cryptoRandom: Handler<'crypto.random'> = async ({ random }, _call, { bytes }) => ({
  data: Buffer.from(random(bytes)).toString('base64'),
})
