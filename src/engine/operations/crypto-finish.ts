import { taken } from '../ciphering.ts'
import type { Handler } from '../pipelines.ts'
import { lastStep } from '../stream-steps.ts'

export const cryptoFinish: Handler<'crypto.finish'> = (parts, call, request) =>
  lastStep(parts, call, request.stream, async ({ work }, open) => {
    const data = Buffer.from(request.data ?? '', 'base64')
    const signature = request.signature === undefined ? undefined : Buffer.from(request.signature, 'base64')
    try {
      const finished = await work.finish(open, { data, signature })
      return 'verified' in finished ? finished : { data: taken(finished.data) }
    } finally {
      data.fill(0)
    }
  })
