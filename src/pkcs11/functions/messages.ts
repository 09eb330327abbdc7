/** Digests, signatures and ciphers (PKCS#11 v2.40 §5.8 to §5.12). */
import { andThen, type MaybePromise } from '../../base/maybe-promise.ts'
import type { Application } from '../application.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import type { CallerMechanism } from '../mechanisms/parameters.ts'
import type { Purpose } from '../operations/active.ts'
import * as cipher from '../operations/cipher-operation.ts'
import * as digest from '../operations/digest.ts'
import * as signing from '../operations/sign.ts'
import { end, type Kind } from '../operations/steps.ts'
import { EMPTY, type Functions } from './function.ts'

/** Init with NULL instead of a mechanism gives up what is under way (PKCS#11 v3.0 §5.1.6). */
function init<T>(
  { sessions }: Application,
  kind: Kind,
  handle: number,
  mechanism: CallerMechanism | null,
  begin: (mechanism: CallerMechanism) => MaybePromise<T>,
): MaybePromise<T | undefined> {
  return mechanism ? begin(mechanism) : andThen(end(sessions.get(handle), kind), () => undefined)
}

/** The results of a function that has one, and of one that has none. */
const oneOf = <T>(result: MaybePromise<T>): MaybePromise<[T]> => andThen(result, (value) => [value])
const nothingOf = (work: MaybePromise<unknown>): MaybePromise<[]> => andThen(work, () => [])

/** The four functions of a purpose. */
const cipherFunctions = (purpose: Purpose) =>
  ({
    init: (application, handle, mechanism, key) =>
      oneOf(
        init(application, purpose, handle, mechanism, (given) =>
          cipher.init(application, purpose, handle, given, key),
        ),
      ),
    whole: ({ sessions }, handle, data = EMPTY, bufferBytes) =>
      oneOf(cipher.whole(sessions.get(handle), purpose, data, bufferBytes)),
    update: ({ sessions }, handle, data = EMPTY, bufferBytes) =>
      oneOf(cipher.update(sessions.get(handle), purpose, data, bufferBytes)),
    final: ({ sessions }, handle, bufferBytes) =>
      oneOf(cipher.final(sessions.get(handle), purpose, bufferBytes)),
  }) satisfies {
    readonly init: Functions['C_EncryptInit']
    readonly whole: Functions['C_Encrypt']
    readonly update: Functions['C_EncryptUpdate']
    readonly final: Functions['C_EncryptFinal']
  }

const encryption = cipherFunctions('encrypt')
const decryption = cipherFunctions('decrypt')

export const MESSAGES = {
  C_EncryptInit: encryption.init,
  C_Encrypt: encryption.whole,
  C_EncryptUpdate: encryption.update,
  C_EncryptFinal: encryption.final,
  C_DecryptInit: (...given) => nothingOf(decryption.init(...given)),
  C_Decrypt: decryption.whole,
  C_DecryptUpdate: decryption.update,
  C_DecryptFinal: decryption.final,
  C_DigestInit: (application, handle, mechanism) =>
    nothingOf(
      init(application, 'digest', handle, mechanism, (given) =>
        digest.init(application.sessions.get(handle), given),
      ),
    ),
  C_Digest: ({ sessions }, handle, data = EMPTY, bufferBytes) =>
    oneOf(digest.digest(sessions.get(handle), data, bufferBytes)),
  C_DigestUpdate: ({ sessions }, handle, data = EMPTY) =>
    nothingOf(digest.update(sessions.get(handle), data)),
  /** A digest of a key would be worked on here, where no key ever is. */
  C_DigestKey: ({ sessions }, handle) => {
    sessions.get(handle)
    return refuse(CKR.KEY_INDIGESTIBLE)
  },
  C_DigestFinal: ({ sessions }, handle, bufferBytes) =>
    oneOf(digest.final(sessions.get(handle), bufferBytes)),
  C_SignInit: (application, handle, mechanism, key) =>
    nothingOf(
      init(application, 'sign', handle, mechanism, (given) =>
        signing.init(application, 'sign', handle, given, key),
      ),
    ),
  C_Sign: ({ sessions }, handle, data = EMPTY, bufferBytes) =>
    oneOf(signing.sign(sessions.get(handle), data, bufferBytes)),
  C_SignUpdate: ({ sessions }, handle, data = EMPTY) =>
    nothingOf(signing.update(sessions.get(handle), 'sign', data)),
  C_SignFinal: ({ sessions }, handle, bufferBytes) =>
    oneOf(signing.signFinal(sessions.get(handle), bufferBytes)),
  C_VerifyInit: (application, handle, mechanism, key) =>
    nothingOf(
      init(application, 'verify', handle, mechanism, (given) =>
        signing.init(application, 'verify', handle, given, key),
      ),
    ),
  C_Verify: ({ sessions }, handle, data = EMPTY, signature = EMPTY) =>
    nothingOf(signing.verify(sessions.get(handle), data, signature)),
  C_VerifyUpdate: ({ sessions }, handle, data = EMPTY) =>
    nothingOf(signing.update(sessions.get(handle), 'verify', data)),
  C_VerifyFinal: ({ sessions }, handle, signature = EMPTY) =>
    nothingOf(signing.verifyFinal(sessions.get(handle), signature)),
} satisfies Partial<Functions>
