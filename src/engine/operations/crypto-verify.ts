import { setImmediate } from 'node:timers/promises'
import { byteLength } from '../../contract/bytes.ts'
import { HsmError } from '../../contract/errors.ts'
import { digestsFit } from '../../policy/hsm-profile/digests.ts'
import { mayVerify } from '../../policy/key-use.ts'
import { use } from '../pipelines.ts'

/** Verifications run on the event loop; a large batch lets others have a turn after so many. */
const AT_ONCE = 8

export const cryptoVerify = use<'crypto.verify'>({
  permit({ actor }, key, { mechanism, data }, circumstances) {
    const may = mayVerify(actor, key, mechanism, circumstances)
    return may.allow ? digestsFit(circumstances, key, mechanism, data.map(byteLength)) : may
  },
  async perform({ keyring }, { actor }, key, { mechanism, data, signatures }, check) {
    if (data.length !== signatures.length) {
      throw new HsmError('invalid-request', 'signatures must be as many as data')
    }
    return keyring.withVerifyingKey(key, actor.session, async (verifyingKey) => {
      const verified: boolean[] = []
      for (const [at, item] of data.entries()) {
        if (at > 0 && at % AT_ONCE === 0) await setImmediate()
        check()
        const signature = Buffer.from(signatures[at] ?? '', 'base64')
        verified.push(verifyingKey.verify(mechanism, Buffer.from(item, 'base64'), signature))
      }
      return { 'key-reference': key.id, verified }
    })
  },
})
