import type { NewAttributes } from '../../contract/attributes.ts'
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
import type { KeyRecord } from '../../model/records.ts'
import { keysFit } from '../../policy/capacity.ts'
import { keyAvailable } from '../../policy/key-availability.ts'
import { GENERATED } from '../../policy/new-key-flags.ts'
import { availability, keyRoom } from '../facts.ts'
import { keyObject } from '../key-object.ts'
import { flagsOfNew } from '../new-flags.ts'
import { type Draft, placeKeys } from '../new-keys.ts'
import type { Call, Parts } from '../parts.ts'
import { change, granted } from '../pipelines.ts'

type Request = Checked<'key.generate-pair'>
type Pair = readonly [publicKey: Draft, privateKey: Draft]

export const keyGeneratePair = change<'key.generate-pair', Pair, readonly KeyRecord[]>('key.generate-pair', {
  prepare: draftPair,
  decide: (facts, _request, pair) => placeKeys(facts, pair),
  reply({ store, cluster }, _call, [publicKey, privateKey]) {
    const covers = cluster.coverage()
    return {
      public_key: keyObject(store.catalog, publicKey as KeyRecord, covers),
      private_key: keyObject(store.catalog, privateKey as KeyRecord, covers),
    }
  },
  wipe: (pair) => {
    for (const { material } of pair) material.fill(0)
  },
})

/** Everything that can be refused is refused before the expensive part. */
async function draftPair(parts: Parts, call: Call, request: Request): Promise<Pair> {
  const flagsOf = (keyClass: 'public-key' | 'private-key', attributes: NewAttributes) =>
    flagsOfNew(parts, keyClass, { attributes, session: request.session }, GENERATED)
  const publicFlags = flagsOf('public-key', request['public-attributes'])
  const privateFlags = flagsOf('private-key', request['private-attributes'])
  const planned = [
    { keyClass: 'public-key', flags: publicFlags },
    { keyClass: 'private-key', flags: privateFlags },
  ] as const
  granted(keyAvailable(availability(parts, call), publicFlags.token || privateFlags.token))
  granted(keysFit(keyRoom(parts.store.catalog, call), planned))
  const pair = await generate(request)
  const family = familyOfRequest(request)
  const common = commonFacts(request, pair)
  return [
    {
      ...common,
      ...planned[0],
      label: request['public-label'],
      idAttribute: request['public-attributes'].id ?? '0x',
      subject: request['public-attributes'].subject,
      keyLengthBytes: publicKeyLength(family, pair.spki),
      material: pair.spki,
      shareWith: [],
    },
    {
      ...common,
      ...planned[1],
      label: request['private-label'],
      idAttribute: request['private-attributes'].id ?? '0x',
      subject: request['private-attributes'].subject,
      keyLengthBytes: privateKeyLength(family, pair.pkcs8),
      material: pair.pkcs8,
      shareWith: request['share-crypto-users'],
    },
  ]
}

function generate(request: Request): Promise<KeyPair> {
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
const commonFacts = (request: Request, { spki }: KeyPair) => ({
  keyType: request['key-type'],
  origin: GENERATED,
  wrapTemplate: undefined,
  unwrapTemplate: undefined,
  checkValue: publicCheckValue(spki),
  rsa: request['key-type'] === 'rsa' ? rsaFacts(spki) : undefined,
  ec: request['key-type'] === 'ec' ? ecFacts(spki, request.curve) : undefined,
  mlDsa: request['key-type'] === 'ml-dsa' ? { algorithm: request['mldsa-algorithm'] } : undefined,
})

function familyOfRequest(request: Request): KeyFamily {
  if (request['key-type'] === 'rsa') return 'rsa'
  return request['key-type'] === 'ec' ? request.curve : request['mldsa-algorithm']
}
