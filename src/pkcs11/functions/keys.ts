/** Keys generated, wrapped, unwrapped and derived, and random bytes (PKCS#11 v2.40 §5.13 and §5.14). */
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { generateKey, generateKeyPair } from '../objects/generate.ts'
import { deriveKey, unwrapKey, wrapKey } from '../objects/key-transport.ts'
import { generateRandom } from '../random.ts'
import { EMPTY, type Functions, mechanismFrom, templateFrom } from './function.ts'

export const KEYS = {
  async C_GenerateKey(application, handle, mechanism, template) {
    return [await generateKey(application, handle, mechanismFrom(mechanism), templateFrom(template))]
  },
  C_GenerateKeyPair: (application, handle, mechanism, publicTemplate, privateTemplate) =>
    generateKeyPair(
      application,
      handle,
      mechanismFrom(mechanism),
      templateFrom(publicTemplate),
      templateFrom(privateTemplate),
    ),
  async C_WrapKey(application, handle, mechanism, wrappingKey, key, bufferBytes) {
    const given = mechanismFrom(mechanism)
    const { output, iv } = await wrapKey(application, handle, given, wrappingKey, key, bufferBytes)
    return [output, iv && [iv]]
  },
  async C_UnwrapKey(application, handle, mechanism, unwrappingKey, wrapped = EMPTY, template) {
    const made = templateFrom(template)
    return [await unwrapKey(application, handle, mechanismFrom(mechanism), unwrappingKey, wrapped, made)]
  },
  async C_DeriveKey(application, handle, mechanism, baseKey, template) {
    return [await deriveKey(application, handle, mechanismFrom(mechanism), baseKey, templateFrom(template))]
  },
  /** The HSM's generator takes nothing from outside. */
  C_SeedRandom({ sessions }, handle) {
    sessions.get(handle)
    return refuse(CKR.RANDOM_SEED_NOT_SUPPORTED)
  },
  async C_GenerateRandom(application, handle, count) {
    return [{ bytes: await generateRandom(application, handle, count) }]
  },
} satisfies Partial<Functions>
