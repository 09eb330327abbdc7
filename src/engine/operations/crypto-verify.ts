import { HsmError } from '../../contract/errors.ts'
import { mayVerify } from '../../policy/key-use.ts'
import { use } from '../pipelines.ts'

export const cryptoVerify = use<'crypto.verify'>({
  permit: ({ actor }, key, { mechanism }, availability) => mayVerify(actor, key, mechanism, availability),
  async perform({ keyring }, _call, key, { mechanism, data, signatures }) {
    if (data.length !== signatures.length) {
      throw new HsmError('invalid-request', 'signatures must be as many as data')
    }
    const verifyingKey = keyring.verifyingKey(key)
    const verified = data.map((item, at) =>
      verifyingKey.verify(
        mechanism,
        Buffer.from(item, 'base64'),
        Buffer.from(signatures[at] ?? '', 'base64'),
      ),
    )
    return { 'key-reference': key.id, verified }
  },
})
