import { byteLength } from '../../contract/bytes.ts'
import { digestsFit } from '../../policy/hsm-profile/digests.ts'
import { maySign } from '../../policy/key-use.ts'
import { use } from '../pipelines.ts'

export const cryptoSign = use<'crypto.sign'>({
  permit({ actor }, key, { mechanism, data }, circumstances) {
    const may = maySign(actor, key, mechanism, circumstances)
    return may.allow ? digestsFit(circumstances, key, mechanism, data.map(byteLength)) : may
  },
  perform: ({ keyring }, { actor }, key, { mechanism, data }, check) =>
    keyring.withSigningKey(key, actor.session, async (signingKey) => {
      const signing = data.map(async (item) => {
        check()
        return (await signingKey.sign(mechanism, Buffer.from(item, 'base64'))).toString('base64')
      })
      // All of them have ended before the use does, even when one has failed.
      await Promise.allSettled(signing)
      return { 'key-reference': key.id, signatures: await Promise.all(signing) }
    }),
})
