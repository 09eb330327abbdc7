/** Keys that are generated in the HSM. Everything that can be refused is refused before the expensive part. */
import type { Flags } from '../../contract/attributes.ts'
import type { Checked } from '../../contract/operations.ts'
import type { KeyFamily } from '../../crypto/key-family.ts'
import { generateEcPair, generateMlDsaPair, generateRsaPair, type KeyPair } from '../../crypto/key-pairs.ts'
import {
  ecFacts,
  privateKeyLength,
  publicCheckValue,
  publicKeyLength,
  rsaFacts,
} from '../../crypto/public-facts.ts'
import { checkValueOf, generateSecret } from '../../crypto/secret-keys.ts'
import type { KeyRecord } from '../../model/records.ts'
import { GENERATED } from '../../policy/new-key-flags.ts'
import { mayMakeKeys } from '../../policy/new-keys.ts'
import { type Draft, placedKey, placeKeys, wished } from '../keys/new-keys.ts'
import { change } from '../pipeline/pipeline.ts'
import { keyObject } from '../reply/key-object.ts'

type Records = readonly KeyRecord[]

export const keyGenerateSymmetric = change<'key.generate-symmetric', readonly Flags[], Buffer, Records>({
  may: (facts, { attributes, session }) =>
    mayMakeKeys(facts, [{ keyClass: 'secret-key', attributes }], {
      session,
      origin: GENERATED,
    }),
  work: (_facts, request) => generateSecret(request['key-type'], request['key-length-bytes']),
  change: (facts, request, { parts, permitted: [flags], made: material }) =>
    placeKeys(parts, facts, [draftSecretKey(request, flags as Flags, material)]),
  reply: placedKey,
  wipe: (material) => material.fill(0),
})

function draftSecretKey(request: Checked<'key.generate-symmetric'>, flags: Flags, material: Buffer): Draft {
  const keyType = request['key-type']
  return {
    keyType,
    keyClass: 'secret-key',
    ...wished(request, flags, GENERATED),
    checkValue: checkValueOf(keyType, material),
    keyLengthBytes: material.length,
    rsa: undefined,
    ec: undefined,
    mlDsa: undefined,
    material,
  }
}

type PairRequest = Checked<'key.generate-pair'>

export const keyGeneratePair = change<'key.generate-pair', readonly Flags[], KeyPair, Records>({
  may: (facts, request) =>
    mayMakeKeys(
      facts,
      [
        { keyClass: 'public-key', attributes: request['public-attributes'] },
        { keyClass: 'private-key', attributes: request['private-attributes'] },
      ],
      { session: request.session, origin: GENERATED },
    ),
  work: (_facts, request) => generate(request),
  change: (facts, request, { parts, permitted: flags, made: pair }) =>
    placeKeys(parts, facts, draftPair(request, flags, pair)),
  reply({ parts: { store, cluster } }, [publicKey, privateKey]) {
    const covers = cluster.coverage()
    return {
      public_key: keyObject(store.catalog, publicKey as KeyRecord, covers),
      private_key: keyObject(store.catalog, privateKey as KeyRecord, covers),
    }
  },
  wipe: ({ spki, pkcs8 }) => {
    spki.fill(0)
    pkcs8.fill(0)
  },
})

function draftPair(
  request: PairRequest,
  [publicFlags, privateFlags]: readonly Flags[],
  pair: KeyPair,
): readonly Draft[] {
  const family = familyOfRequest(request)
  const common = commonFacts(request, pair)
  const { 'public-label': label, 'public-attributes': attributes } = request
  const ofPublic = { label, attributes, 'share-crypto-users': [] }
  const ofPrivate = { ...request, label: request['private-label'], attributes: request['private-attributes'] }
  return [
    {
      ...common,
      keyClass: 'public-key',
      ...wished(ofPublic, publicFlags as Flags, GENERATED),
      keyLengthBytes: publicKeyLength(family, pair.spki),
      material: pair.spki,
    },
    {
      ...common,
      keyClass: 'private-key',
      ...wished(ofPrivate, privateFlags as Flags, GENERATED),
      keyLengthBytes: privateKeyLength(family, pair.pkcs8),
      material: pair.pkcs8,
    },
  ]
}

function generate(request: PairRequest): Promise<KeyPair> {
  switch (request['key-type']) {
    case 'rsa':
      return generateRsaPair(request['modulus-size-bits'], request['public-exponent'])
    case 'ec':
      return generateEcPair(request.curve)
    case 'ml-dsa':
      return generateMlDsaPair(request['mldsa-algorithm'])
  }
}

/** What both halves show of themselves. */
const commonFacts = (request: PairRequest, { spki }: KeyPair) => ({
  keyType: request['key-type'],
  checkValue: publicCheckValue(spki),
  rsa: request['key-type'] === 'rsa' ? rsaFacts(spki) : undefined,
  ec: request['key-type'] === 'ec' ? ecFacts(spki, request.curve) : undefined,
  mlDsa: request['key-type'] === 'ml-dsa' ? { algorithm: request['mldsa-algorithm'] } : undefined,
})

function familyOfRequest(request: PairRequest): KeyFamily {
  if (request['key-type'] === 'rsa') return 'rsa'
  return request['key-type'] === 'ec' ? request.curve : request['mldsa-algorithm']
}
