import { cipherStream } from '../../crypto/ciphers/ciphers.ts'
import { mayDecrypt } from '../../policy/key-encryption.ts'
import { whole } from '../ciphering.ts'
import { use } from '../pipelines.ts'

export const cryptoDecrypt = use<'crypto.decrypt'>({
  permit: ({ actor }, key, { cipher }, circumstances) => mayDecrypt(actor, key, cipher, circumstances),
  perform: ({ keyring }, { actor }, key, { cipher, data }, check) =>
    keyring.withKeyObject(key, actor.session, async (object) => ({
      'key-reference': key.id,
      data: await whole(data, check, object, () => cipherStream(object, cipher, 'decrypt')),
    })),
})
