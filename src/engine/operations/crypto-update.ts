import { taken } from '../ciphering.ts'
import type { Handler } from '../pipelines.ts'
import { nextStep } from '../stream-steps.ts'

export const cryptoUpdate: Handler<'crypto.update'> = (parts, call, request) =>
  nextStep(parts, call, request.stream, ({ work }) => {
    const part = Buffer.from(request.data, 'base64')
    try {
      const ready = work.update(part)
      return ready ? { data: taken(ready) } : {}
    } finally {
      part.fill(0)
    }
  })
