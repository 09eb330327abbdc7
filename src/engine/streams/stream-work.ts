/** What is done to a message in parts, whatever its purpose. */

import { andThen, type MaybePromise } from '../../base/maybe-promise.ts'
import { HsmError } from '../../contract/errors.ts'
import type { StreamUse } from '../../contract/streams.ts'
import type { CipherStream } from '../../crypto/ciphers/cipher-stream.ts'
import { cipherStream, withIv } from '../../crypto/ciphers/ciphers.ts'
import { longestResult } from '../../crypto/ciphers/result-length.ts'
import { signatureBytes } from '../../crypto/signature-length.ts'
import type { MessageStream } from '../../crypto/signing-keys.ts'
import type { KeyRecord } from '../../model/records.ts'
import type { Keyring } from '../keys/keyring.ts'

/** The key as it is now, and where to open it. */
export type OpenWith = { readonly keyring: Keyring; readonly key: KeyRecord; readonly session: string }

export type Last = { readonly data: Buffer; readonly signature: Buffer | undefined }
export type Finished = { readonly data: Buffer } | { readonly verified: boolean }

/** A step that throws is the last one. */
export type StreamWork = {
  /** @returns what is ready of a message that is encrypted or decrypted */
  update(part: Buffer): Buffer | undefined
  finish(open: OpenWith, last: Last): MaybePromise<Finished>
  /** Bytes that are kept of the message. */
  held(): number
  /** Wipes what is kept. May be called more than once. */
  close(): void
}

export type Beginning = {
  readonly work: StreamWork
  readonly resultBytes: number | undefined
  /** Undefined when the HSM made none. */
  readonly iv: Buffer | undefined
}

type Signing = Extract<StreamUse, { purpose: 'sign' | 'verify' }>
type Ciphering = Extract<StreamUse, { purpose: 'encrypt' | 'decrypt' }>

/** Throws what the mechanism has against the key or its parameters. */
export const beginWork = (open: OpenWith, start: StreamUse): MaybePromise<Beginning> =>
  'cipher' in start ? beginCipher(open, start) : beginMessage(open, start)

function beginMessage(open: OpenWith, { purpose, mechanism }: Signing): MaybePromise<Beginning> {
  const { keyring, key, session } = open
  const resultBytes = signatureBytes(key, mechanism)
  const beginning = (work: StreamWork) => ({ work, resultBytes, iv: undefined })
  return purpose === 'sign'
    ? keyring.withSigningKey(key, session, (opened) => beginning(signing(opened.begin(mechanism), mechanism)))
    : keyring.withVerifyingKey(key, session, (opened) =>
        beginning(verifying(opened.begin(mechanism), mechanism)),
      )
}

/** A message that comes as a whole with the last step is signed like any other, in the thread pool if need be. */
function signing(message: MessageStream, mechanism: Signing['mechanism']): StreamWork {
  const parts = messageParts(message)
  return {
    ...parts,
    finish({ keyring, key, session }, { data, signature }) {
      if (signature) throw new HsmError('invalid-request', 'signature is for verifying')
      const signed = keyring.withSigningKey(key, session, (opened) =>
        parts.rest(data) ? message.sign(opened) : opened.sign(mechanism, data),
      )
      return andThen(signed, withData)
    },
  }
}

function verifying(message: MessageStream, mechanism: Signing['mechanism']): StreamWork {
  const parts = messageParts(message)
  return {
    ...parts,
    finish({ keyring, key, session }, { data, signature }) {
      if (!signature) throw new HsmError('invalid-request', 'signature is needed to verify')
      return keyring.withVerifyingKey(key, session, (opened) => ({
        verified: parts.rest(data)
          ? message.verify(opened, signature)
          : opened.verify(mechanism, data, signature),
      }))
    },
  }
}

function messageParts(message: MessageStream) {
  let inParts = false
  return {
    update(part: Buffer): undefined {
      inParts = true
      message.update(part)
    },
    /** Whether there were parts before; then the last one has been added to them. */
    rest(data: Buffer): boolean {
      if (inParts && data.length > 0) message.update(data)
      return inParts
    },
    held: message.held,
    close: message.close,
  }
}

function beginCipher(open: OpenWith, start: Ciphering): MaybePromise<Beginning> {
  const { keyring, key, session } = open
  const { cipher, made } =
    start.purpose === 'encrypt' ? withIv(start.cipher) : { cipher: start.cipher, made: undefined }
  return keyring.withKeyObject(key, session, (object) => ({
    work: ciphering(cipherStream(object, cipher, start.purpose)),
    resultBytes: longestResult(key, cipher, start.purpose),
    iv: made,
  }))
}

const withData = (data: Buffer): Finished => ({ data })

function ciphering(stream: CipherStream): StreamWork {
  return {
    update: stream.update,
    finish({ keyring, key, session }, { data, signature }) {
      if (signature) throw new HsmError('invalid-request', 'signature is for verifying')
      return andThen(
        keyring.withKeyObject(key, session, (object) => stream.finish(object, data)),
        withData,
      )
    },
    held: stream.held,
    close: stream.close,
  }
}
