import { checkNonce, cipherStream, withIv } from '../../crypto/ciphers/ciphers.ts'
import { mayEncrypt } from '../../policy/key-encryption.ts'
import { whole } from '../ciphering.ts'
import { use } from '../pipelines.ts'

export const cryptoEncrypt = use<'crypto.encrypt'>({
  permit: ({ actor }, key, { cipher }, circumstances) => mayEncrypt(actor, key, cipher, circumstances),
  perform: ({ keyring }, { actor }, key, { cipher, data }, check) =>
    keyring.withKeyObject(key, actor.session, async (object) => {
      checkNonce(cipher, data.length)
      const ivs: string[] = []
      const encrypted = await whole(data, check, object, () => {
        const { cipher: complete, made } = withIv(cipher)
        if (made !== undefined) ivs.push(made)
        return cipherStream(object, complete, 'encrypt')
      })
      return { 'key-reference': key.id, data: encrypted, ...(ivs.length > 0 && { ivs }) }
    }),
})
