/** Run by a test in a process of its own, without node:ffi: what of the prehashed mechanisms still works. */
import { opensslAvailable } from '../../../src/crypto/openssl.ts'
import { CURVE_LIST, DATA, digestInfoOf, digestOf, ecdsa, open, pkcs, pss } from './signing-support.ts'

const found: Record<string, unknown> = { available: opensslAvailable() }
const digest = digestOf('sha256')

for (const curve of CURVE_LIST.filter((name) => name === 'secp256r1' || name === 'secp521r1')) {
  const { signing, verifying } = await open(curve)
  const signature = await signing.sign(ecdsa('sha256', 'digest'), digest)
  found[curve] =
    verifying.verify(ecdsa('sha256', 'raw'), DATA, signature) &&
    verifying.verify(ecdsa('sha256', 'digest'), digest, signature)
  signing.close()
}

const { signing, verifying } = await open()
const signature = await signing.sign(pkcs('sha256', 'digest'), digestInfoOf('sha256'))
found['rsa-pkcs'] =
  verifying.verify(pkcs('sha256', 'raw'), DATA, signature) &&
  verifying.verify(pkcs('sha256', 'digest'), digestInfoOf('sha256'), signature)
const mechanism = pss('sha256', 'digest')
found['rsa-pkcs-pss'] = {
  sign: refusal(() => signing.sign(mechanism, digest)),
  verify: refusal(() => verifying.verify(mechanism, digest, Buffer.alloc(256))),
}
process.stdout.write(JSON.stringify(found))

function refusal(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
