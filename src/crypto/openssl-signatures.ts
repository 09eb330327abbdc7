/** To sign and verify values that are hashed already, and with contexts that are kept between signatures. */
import type { KeyObject } from 'node:crypto'
import type { Hash, MlDsaAlgorithm } from '../contract/algorithms.ts'
import {
  copyPrivateKey,
  decode,
  freeContext,
  keptContext,
  loaded,
  must,
  NULL,
  nativeMemory,
  newContext,
  oneParameter,
  reading,
  withContext,
  written,
} from './openssl.ts'

/** How to sign where the key alone does not say it. */
export type Scheme =
  /** RSASSA-PSS (RFC 8017 §8.1); the mask generation function uses the same hash. */
  | { readonly name: 'pss'; readonly hash: Hash; readonly saltLength: number }
  /** Ed25519ph with an empty context (RFC 8032 §5.1); the digest is SHA-512. */
  | { readonly name: 'ed25519ph' }
  /** ML-DSA from line 7 of Algorithm 7 of FIPS 204 on; the digest is mu. */
  | { readonly name: 'external-mu'; readonly algorithm: MlDsaAlgorithm }

/** A private key that OpenSSL can use this way. */
export type NativeKey = {
  /** @returns for EC the DER `ECDSA-Sig-Value` (RFC 3279 §2.2.3), for RSA with PSS as long as the modulus */
  sign(digest: Uint8Array, scheme?: Scheme): Buffer
  /** Lets go of the key; to sign afterwards is an error. */
  close(): void
}

const RSA_PKCS1_PSS_PADDING = 6

/** Digests and mu have 64 bytes at the most, signatures 4,627 (FIPS 204 §4). For one call at a time. */
const [digestMemory, signatureMemory] = [nativeMemory(64), nativeMemory(5000)]

/** `mu` = 1: what is signed is mu itself (EVP_SIGNATURE-ML-DSA(7)). */
const externalMu = oneParameter('mu', 1)

/** From its first signature on, a copy of the key is kept outside the JavaScript heap until it is closed. */
export function nativeKey(key: KeyObject): NativeKey {
  let source: KeyObject | undefined = key
  let handle = NULL
  /**
   * Ready to sign without a scheme, which is ECDSA: making one takes a fifth of the time of a P-256 signature. With a scheme
   * it takes next to nothing of the whole.
   */
  const context = keptContext(freeContext)

  return {
    sign(digest, scheme) {
      if (!source) throw new Error('The key is closed')
      if (handle === NULL) handle = copyPrivateKey(source)
      if (scheme) return withContext(handle, beginWith('sign', scheme), (made) => signIn(made, digest))
      return context.use(
        () => newContext(handle, beginWith('sign', scheme)),
        (made) => signIn(made, digest),
      )
    },
    close() {
      source = undefined
      context.end()
      if (handle !== NULL) loaded().functions.EVP_PKEY_free(handle)
      handle = NULL
    },
  }
}

/**
 * @param spki DER SubjectPublicKeyInfo
 * @param signature in the form that {@link NativeKey} makes; whatever else it is, the answer is false
 */
export function verifyDigest(
  spki: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
  scheme?: Scheme,
): boolean {
  const { functions } = loaded()
  const handle = decode('d2i_PUBKEY', spki)
  try {
    return withContext(handle, beginWith('verify', scheme), (context) => {
      const [signatureLength, digestLength] = [BigInt(signature.length), BigInt(digest.length)]
      const verified = reading([signature, digest], () =>
        functions.EVP_PKEY_verify(context, signature, signatureLength, digest, digestLength),
      )
      return verified === 1
    })
  } finally {
    functions.EVP_PKEY_free(handle)
  }
}

/** @param context begun to sign */
function signIn(context: bigint, digest: Uint8Array): Buffer {
  const { EVP_PKEY_sign } = loaded().functions
  digestMemory.bytes.set(digest)
  const signature = written(signatureMemory, (length) =>
    EVP_PKEY_sign(context, signatureMemory.pointer, length, digestMemory.pointer, BigInt(digest.length)),
  )
  return Buffer.from(signature)
}

type Purpose = 'sign' | 'verify'

const beginWith = (purpose: Purpose, scheme: Scheme | undefined) => (context: bigint) =>
  begin(context, purpose, scheme)

/** What OpenSSL calls an instance of a signature algorithm works on a digest after `init_ex2` (EVP_SIGNATURE-ED25519(7)). */
function begin(context: bigint, purpose: Purpose, scheme: Scheme | undefined): number {
  const { functions } = loaded()
  switch (scheme?.name) {
    case undefined:
      return functions[`EVP_PKEY_${purpose}_init`](context)
    case 'pss':
      must(functions[`EVP_PKEY_${purpose}_init`](context))
      return setPss(context, scheme)
    case 'ed25519ph':
      return functions[`EVP_PKEY_${purpose}_init_ex2`](context, algorithm('ED25519ph'), null)
    case 'external-mu':
      return functions[`EVP_PKEY_${purpose}_message_init`](
        context,
        algorithm(scheme.algorithm),
        externalMu.pointer,
      )
  }
}

/** The mask generation function follows the hash of the signature unless it is set (EVP_PKEY_CTX_ctrl(3)). */
function setPss(context: bigint, { hash, saltLength }: Extract<Scheme, { name: 'pss' }>): number {
  const { functions } = loaded()
  const digest = functions.EVP_get_digestbyname(hash)
  must(functions.EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING))
  must(functions.EVP_PKEY_CTX_set_signature_md(context, digest))
  return functions.EVP_PKEY_CTX_set_rsa_pss_saltlen(context, saltLength)
}

/** Fetched once; they live as long as the process. */
const algorithms = new Map<string, bigint>()

function algorithm(name: 'ED25519ph' | MlDsaAlgorithm): bigint {
  const handle = algorithms.get(name) ?? loaded().functions.EVP_SIGNATURE_fetch(null, name, null)
  must(handle === NULL ? 0 : 1)
  algorithms.set(name, handle)
  return handle
}
