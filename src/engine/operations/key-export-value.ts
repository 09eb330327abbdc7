import { mayExportValue } from '../../policy/key-use.ts'
import { use } from '../pipelines.ts'

export const keyExportValue = use<'key.export-value'>({
  permit: ({ actor }, key, _request, circumstances) => mayExportValue(actor, key, circumstances),
  perform: ({ keyring }, _call, key) =>
    keyring.withMaterial(key, (material) => ({
      'key-reference': key.id,
      value: material.toString('base64'),
    })),
})
