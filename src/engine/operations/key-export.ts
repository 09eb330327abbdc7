/** Keys that leave the HSM, wrapped or in clear. */
import { toPem } from '../../crypto/public-facts.ts'
import { referenceFile } from '../../crypto/reference-file.ts'
import { wrapPayload } from '../../crypto/wrapping/wrapping.ts'
import { mayExportPublic, mayExportReference, mayExportValue } from '../../policy/key-export.ts'
import { mayWrap } from '../../policy/key-wrapping.ts'
import { answer } from '../pipeline/pipeline.ts'

export const keyWrap = answer<'key.wrap'>({
  may: mayWrap,
  inClear: 'payload',
  work: ({ actor, wrapping, payload }, { mechanism }, { parts: { keyring } }) =>
    keyring.withKeyObject(wrapping, actor.session, (key) =>
      keyring.withMaterial(payload, async (clear) => {
        const { wrapped, iv } = await wrapPayload(key, mechanism, clear)
        return {
          'payload-key-reference': payload.id,
          'wrapping-key-reference': wrapping.id,
          ...(iv && { iv }),
          'wrapped-key': wrapped,
        }
      }),
    ),
})

export const keyExportPublic = answer<'key.export-public'>({
  may: mayExportPublic,
  inClear: 'key',
  work: ({ key }, _request, { parts: { keyring } }) =>
    keyring.withMaterial(key, (spki) => ({ 'key-reference': key.id, pem: toPem(spki) })),
})

export const keyExportReference = answer<'key.export-reference'>({
  may: mayExportReference,
  work: ({ actor, key }, { encoding }, { parts: { keyring } }) =>
    keyring.withKeyObject(key, actor.session, (object) => ({
      'key-reference': key.id,
      pem: referenceFile(encoding, key.id, object),
    })),
})

export const keyExportValue = answer<'key.export-value'>({
  may: mayExportValue,
  inClear: 'key',
  work: ({ key }, _request, { parts: { keyring } }) =>
    keyring.withMaterial(key, (material) => ({
      'key-reference': key.id,
      value: Buffer.from(material),
    })),
})
