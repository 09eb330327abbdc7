/** OAEP with two hash functions, which node:crypto does not have. */
import type { KeyObject } from 'node:crypto'
import type { Hash } from '../contract/algorithms.ts'
import {
  copyPrivateKey,
  decode,
  loaded,
  must,
  nativeMemory,
  reading,
  withContext,
  written,
} from './openssl.ts'

/** RSAES-OAEP (RFC 8017 §7.1) with one hash function for the label and another for MGF1. */
export type Oaep = { readonly hash: Hash; readonly mgfHash: Hash; readonly label: Buffer }

/** @param message short enough */
export function oaepEncrypt(key: KeyObject, oaep: Oaep, message: Uint8Array): Buffer {
  return oaepBlock(
    'encrypt',
    decode('d2i_PUBKEY', key.export({ type: 'spki', format: 'der' })),
    oaep,
    message,
  )
}

/** Throws, without saying why, for everything that was not encrypted so. */
export function oaepDecrypt(key: KeyObject, oaep: Oaep, ciphertext: Uint8Array): Buffer {
  return oaepBlock('decrypt', copyPrivateKey(key), oaep, ciphertext)
}

function oaepBlock(work: 'encrypt' | 'decrypt', handle: bigint, oaep: Oaep, input: Uint8Array): Buffer {
  const { functions } = loaded()
  try {
    return withContext(handle, beginOaep(work, oaep), (context) => {
      const output = nativeMemory(functions.EVP_PKEY_get_size(handle))
      const call = functions[`EVP_PKEY_${work}`]
      return reading([input], () =>
        written(output, (length) => call(context, output.pointer, length, input, BigInt(input.length))),
      )
    })
  } finally {
    functions.EVP_PKEY_free(handle)
  }
}

/** Parameters by the names that `openssl pkeyutl` takes them by (EVP_PKEY_CTX_ctrl_str(3)). */
const beginOaep =
  (work: 'encrypt' | 'decrypt', { hash, mgfHash, label }: Oaep) =>
  (context: bigint): number => {
    const { functions } = loaded()
    const set = (name: string, value: string) => functions.EVP_PKEY_CTX_ctrl_str(context, name, value)
    must(functions[`EVP_PKEY_${work}_init`](context))
    must(set('rsa_padding_mode', 'oaep'))
    must(set('rsa_oaep_md', hash))
    if (label.length > 0) must(set('rsa_oaep_label', label.toString('hex')))
    return set('rsa_mgf1_md', mgfHash)
  }
