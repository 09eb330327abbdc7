import { toPem } from '../../crypto/public-facts.ts'
import { mayExportPublic } from '../../policy/key-use.ts'
import { use } from '../pipelines.ts'

export const keyExportPublic = use<'key.export-public'>({
  permit: ({ actor }, key) => mayExportPublic(actor, key),
  perform: async (_parts, _call, key) => ({
    'key-reference': key.id,
    pem: toPem(Buffer.from(key.material, 'base64')),
  }),
})
