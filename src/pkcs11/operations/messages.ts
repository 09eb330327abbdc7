/**
 * C_MessageEncryptInit, C_EncryptMessage and so on (PKCS#11 v3.0 §5.9 to §5.16): one Init, then messages by themselves, each
 * with the right to use the key checked again. What is wrong with one message says nothing about the next.
 */
import { andThen, type MaybePromise } from '../../base/maybe-promise.ts'
import { isTagLength, MADE_IV_BYTES, type TagLength } from '../../contract/mechanism-parameters.ts'
import type { Cipher } from '../../contract/mechanisms.ts'
import { type Application, signedIn } from '../application.ts'
import { CKR } from '../cryptoki/returns.ts'
import { meaning, refuse } from '../errors.ts'
import { mechanismFor } from '../mechanisms/mechanism.ts'
import type { CallerMechanism } from '../mechanisms/parameters.ts'
import { TYPES } from '../mechanisms/types.ts'
import { fits, type Output, outputOf } from '../output.ts'
import type { Outputs } from '../rpc/signatures.ts'
import type { Session } from '../sessions.ts'
import { beginWith } from './begin.ts'
import { activeOne, noneActive } from './steps.ts'

/** CK_GENERATOR_FUNCTION: however the HSM likes, and at random (PKCS#11 v3.0 mechanisms §2.12.2). */
const GENERATORS: readonly number[] = [1, 3]

/** What no message is encrypted with: to ask whether the key may be used. */
const PROBE = { name: 'aes-gcm', iv: Buffer.alloc(MADE_IV_BYTES, 1), 'tag-length-bits': 128 } as const

/** C_MessageEncryptInit and C_MessageDecryptInit. Throws CKR_OPERATION_ACTIVE, and why the key may not be used. */
export function initCipher(
  application: Application,
  purpose: 'encrypt' | 'decrypt',
  handle: number,
  { type }: CallerMechanism,
  key: number,
): MaybePromise<void> {
  const session = signedIn(application, handle)
  const kind = purpose === 'encrypt' ? 'messageEncrypt' : 'messageDecrypt'
  noneActive(session, kind)
  if (TYPES.get(type)?.encrypt?.name !== 'aes-gcm') refuse(CKR.MECHANISM_INVALID)
  const probe = beginWith(application, key, { purpose, cipher: PROBE })
  return andThen(probe, (message) =>
    andThen(message.cancel(), () => {
      session.active[kind] = { key }
    }),
  )
}

/** CK_GCM_MESSAGE_PARAMS, of which the IV is there to be written over. */
export type MessageParameter = {
  readonly iv: Buffer
  readonly fixedBits: number
  readonly generator: number
  readonly tagBits: number
}

/** C_EncryptMessage: the ciphertext, and the IV and the tag as what goes back into the parameter. */
export function encrypt(
  application: Application,
  session: Session,
  { iv, fixedBits, generator, tagBits }: MessageParameter,
  { aad, data, bufferBytes }: { readonly aad: Buffer; readonly data: Buffer; readonly bufferBytes: number },
): MaybePromise<[Output, Outputs]> {
  const { key } = activeOne(session, 'messageEncrypt')
  const isOurs = GENERATORS.includes(generator) && fixedBits === 0 && iv.length === MADE_IV_BYTES
  if (!isOurs) refuse(CKR.MECHANISM_PARAM_INVALID, 'The HSM makes the IV: at random, all of its 12 bytes')
  const tag = tagLength(tagBits)
  if (!fits(data.length, bufferBytes)) return [{ needed: data.length }, undefined]
  const cipher: Cipher = { name: 'aes-gcm', aad: Buffer.from(aad), 'tag-length-bits': tag }
  return andThen(beginWith(application, key, { purpose: 'encrypt', cipher }), (message) =>
    andThen(
      meaning({ 'invalid-data': CKR.DATA_LEN_RANGE }, () => message.whole(data)),
      ({ data: sealed }): [Output, Outputs] => {
        const end = sealed.length - tag / 8
        const made = message.iv ?? refuse(CKR.DEVICE_ERROR)
        return [{ bytes: sealed.subarray(0, end) }, [made, sealed.subarray(end)]]
      },
    ),
  )
}

/** C_DecryptMessage. Throws CKR_AEAD_DECRYPT_FAILED. */
export function decrypt(
  application: Application,
  session: Session,
  { iv, tag }: { readonly iv: Buffer; readonly tag: Buffer },
  { aad, data, bufferBytes }: { readonly aad: Buffer; readonly data: Buffer; readonly bufferBytes: number },
): MaybePromise<Output> {
  const { key } = activeOne(session, 'messageDecrypt')
  const bits = tagLength(tag.length * 8)
  if (!fits(data.length, bufferBytes)) return { needed: data.length }
  const cipher: Cipher = {
    name: 'aes-gcm',
    iv: Buffer.from(iv),
    aad: Buffer.from(aad),
    'tag-length-bits': bits,
  }
  const sealed = Buffer.concat([data, tag])
  return andThen(beginWith(application, key, { purpose: 'decrypt', cipher }), (message) =>
    andThen(
      meaning(
        { 'decryption-failed': CKR.AEAD_DECRYPT_FAILED, 'too-large': CKR.ENCRYPTED_DATA_LEN_RANGE },
        () => message.whole(sealed),
      ),
      ({ data: bytes }): Output => ({ bytes }),
    ),
  )
}

const tagLength = (bits: number): TagLength =>
  isTagLength(bits) ? bits : refuse(CKR.MECHANISM_PARAM_INVALID)

/** C_MessageSignInit and C_MessageVerifyInit. Throws CKR_OPERATION_ACTIVE, and why the key may not be used. */
export function initSignature(
  application: Application,
  purpose: 'sign' | 'verify',
  handle: number,
  given: CallerMechanism,
  key: number,
): MaybePromise<void> {
  const session = signedIn(application, handle)
  const kind = purpose === 'sign' ? 'messageSign' : 'messageVerify'
  noneActive(session, kind)
  const mechanism = mechanismFor(purpose, given)
  return andThen(beginWith(application, key, { purpose, mechanism }), (message) =>
    andThen(message.cancel(), () => {
      session.active[kind] = { key, mechanism }
    }),
  )
}

const SIGNING = { 'invalid-data': CKR.DATA_LEN_RANGE } as const

/** C_SignMessage */
export function sign(
  application: Application,
  session: Session,
  data: Buffer,
  bufferBytes: number,
): MaybePromise<Output> {
  const { key, mechanism } = activeOne(session, 'messageSign')
  return andThen(
    beginWith(application, key, { purpose: 'sign', mechanism }),
    (message): MaybePromise<Output> => {
      const length = message.resultBytes ?? refuse(CKR.FUNCTION_FAILED)
      if (!fits(length, bufferBytes)) return andThen(message.cancel(), () => ({ needed: length }))
      return andThen(
        meaning(SIGNING, () => message.whole(data)),
        ({ data: signature }) => outputOf(signature, bufferBytes),
      )
    },
  )
}

/** C_VerifyMessage. Throws CKR_SIGNATURE_INVALID and CKR_SIGNATURE_LEN_RANGE. */
export function verify(
  application: Application,
  session: Session,
  data: Buffer,
  signature: Buffer,
): MaybePromise<void> {
  const { key, mechanism } = activeOne(session, 'messageVerify')
  return andThen(
    beginWith(application, key, { purpose: 'verify', mechanism }),
    (message): MaybePromise<void> => {
      const { resultBytes } = message
      if (resultBytes !== undefined && signature.length !== resultBytes)
        return andThen(message.cancel(), () => refuse(CKR.SIGNATURE_LEN_RANGE))
      return andThen(
        meaning(SIGNING, () => message.whole(data, signature)),
        ({ verified }) => (verified ? undefined : refuse(CKR.SIGNATURE_INVALID)),
      )
    },
  )
}
