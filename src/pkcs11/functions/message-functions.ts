/** Messages one after another (PKCS#11 v3.0 §5.9, §5.11, §5.14 and §5.16), for our own module. */
import { andThen, type MaybePromise } from '../../base/maybe-promise.ts'
import type { Application } from '../application.ts'
import type { CallerMechanism } from '../mechanisms/parameters.ts'
import * as messages from '../operations/messages.ts'
import { activeOne, end, type Kind } from '../operations/steps.ts'
import { EMPTY, type Functions } from './function.ts'

type Init = (mechanism: CallerMechanism) => MaybePromise<unknown>

/** With NULL instead of a mechanism, it gives up what is under way. */
const initOf = (
  { sessions }: Application,
  kind: Kind,
  handle: number,
  mechanism: CallerMechanism | null,
  init: Init,
): MaybePromise<[]> =>
  andThen<unknown, []>(mechanism ? init(mechanism) : end(sessions.get(handle), kind), () => [])

function finalOf({ sessions }: Application, kind: Kind, handle: number): MaybePromise<[]> {
  const session = sessions.get(handle)
  activeOne(session, kind)
  return andThen(end(session, kind), () => [])
}

const oneOf = <T>(result: MaybePromise<T>): MaybePromise<[T]> => andThen(result, (value) => [value])

export const MESSAGE_FUNCTIONS = {
  C_MessageEncryptInit: (application, handle, mechanism, key) =>
    initOf(application, 'messageEncrypt', handle, mechanism, (given) =>
      messages.initCipher(application, 'encrypt', handle, given, key),
    ),
  C_EncryptMessage(
    application,
    handle,
    iv = EMPTY,
    fixedBits,
    generator,
    tagBits,
    aad = EMPTY,
    data = EMPTY,
    room,
  ) {
    const parameter = { iv, fixedBits, generator, tagBits }
    return messages.encrypt(application, application.sessions.get(handle), parameter, {
      aad,
      data,
      bufferBytes: room,
    })
  },
  C_MessageEncryptFinal: (application, handle) => finalOf(application, 'messageEncrypt', handle),
  C_MessageDecryptInit: (application, handle, mechanism, key) =>
    initOf(application, 'messageDecrypt', handle, mechanism, (given) =>
      messages.initCipher(application, 'decrypt', handle, given, key),
    ),
  C_DecryptMessage(application, handle, iv = EMPTY, tag = EMPTY, aad = EMPTY, data = EMPTY, room) {
    const given = { aad, data, bufferBytes: room }
    return oneOf(messages.decrypt(application, application.sessions.get(handle), { iv, tag }, given))
  },
  C_MessageDecryptFinal: (application, handle) => finalOf(application, 'messageDecrypt', handle),
  C_MessageSignInit: (application, handle, mechanism, key) =>
    initOf(application, 'messageSign', handle, mechanism, (given) =>
      messages.initSignature(application, 'sign', handle, given, key),
    ),
  C_SignMessage: (application, handle, data = EMPTY, room) =>
    oneOf(messages.sign(application, application.sessions.get(handle), data, room)),
  C_MessageSignFinal: (application, handle) => finalOf(application, 'messageSign', handle),
  C_MessageVerifyInit: (application, handle, mechanism, key) =>
    initOf(application, 'messageVerify', handle, mechanism, (given) =>
      messages.initSignature(application, 'verify', handle, given, key),
    ),
  C_VerifyMessage: (application, handle, data = EMPTY, signature = EMPTY) =>
    andThen(messages.verify(application, application.sessions.get(handle), data, signature), () => []),
  C_MessageVerifyFinal: (application, handle) => finalOf(application, 'messageVerify', handle),
} satisfies Partial<Functions>
