import { referenceFile } from '../../crypto/reference-file.ts'
import { mayExportReference } from '../../policy/key-use.ts'
import { use } from '../pipelines.ts'

export const keyExportReference = use<'key.export-reference'>({
  permit: ({ actor }, key, { encoding }) => mayExportReference(actor, key, encoding),
  perform: ({ keyring }, { actor }, key, { encoding }) =>
    keyring.withKeyObject(key, actor.session, (object) => ({
      'key-reference': key.id,
      pem: referenceFile(encoding, key.id, object),
    })),
})
