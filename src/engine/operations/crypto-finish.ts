import { digestsFit } from '../../policy/hsm-profile/digests.ts'
import { taken } from '../ciphering.ts'
import { circumstances } from '../facts.ts'
import { granted, type Handler } from '../pipelines.ts'
import { lastStep } from '../stream-steps.ts'

export const cryptoFinish: Handler<'crypto.finish'> = (parts, call, request) =>
  lastStep(parts, call, request.stream, async ({ work, start }, open) => {
    const data = Buffer.from(request.data ?? '', 'base64')
    const signature = request.signature === undefined ? undefined : Buffer.from(request.signature, 'base64')
    try {
      if ('mechanism' in start) {
        const now = circumstances(parts, parts.store.catalog, call)
        granted(digestsFit(now, open.key, start.mechanism, [work.held() + data.length]))
      }
      const finished = await work.finish(open, { data, signature })
      return 'verified' in finished ? finished : { data: taken(finished.data) }
    } finally {
      data.fill(0)
    }
  })
