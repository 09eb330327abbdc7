/** Whatever can be committed. */
import fc from 'fast-check'
import type { CatalogView } from '../../src/catalog/catalog.ts'
import { fromHex } from '../../src/model/octets.ts'
import { recordKey, type Write } from '../../src/model/records.ts'
import type { Conclusion } from '../../src/store/store.ts'
import { put, reference, sampleCluster, sampleKey, sampleLogin, sampleUser, write } from './store-samples.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const small = fc.integer({ min: 0, max: 6 })
const anyWrite: fc.Arbitrary<Write> = fc.oneof(
  small.map((number) => ({ put: sampleUser(number) })),
  small.map((number) => ({ delete: `user/user-${number}` as const })),
  fc
    .record({ number: small, label: fc.string(), sharedWith: fc.array(fc.string(), { maxLength: 3 }) })
    .map(({ number, ...changes }) => write(sampleKey(number, changes), base64(changes.label))),
  small.map((number) =>
    write(
      sampleKey(number, {
        keyClass: 'private-key',
        keyType: 'ec',
        checkValue: undefined,
        ec: { ecPoint: fromHex('0x04'), curve: 'secp256r1' },
      }),
    ),
  ),
  small.map((number) =>
    write(
      sampleKey(number, {
        keyClass: 'public-key',
        keyType: 'rsa',
        wrapTemplate: {},
        rsa: { publicExponent: '0x010001', modulus: fromHex('0xab'), modulusSizeBits: 2048 },
      }),
    ),
  ),
  small.map((number) => ({ delete: `key/${reference(number)}` as const })),
  fc
    .record({
      number: small,
      session: fc.string(),
      availabilityCheck: fc.constantFrom(true, false, undefined),
    })
    .map(({ number, ...changes }) => ({ put: sampleLogin(number, changes) })),
  small.map((number) => ({ delete: recordKey(sampleLogin(number)) })),
  small.map((number) => ({ put: sampleCluster(number) })),
)

/** A key that is there is written again, and keeps its material. */
const again = fc
  .record({ number: small, label: fc.string() })
  .map(({ number, label }) => (view: CatalogView) => {
    const key = view.key(reference(number))
    return { ...put(), writes: key ? [{ put: { ...key, label } }] : [] }
  })

/** The body of a transaction. */
export const commit: fc.Arbitrary<(view: CatalogView) => Conclusion<undefined>> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(anyWrite, { maxLength: 5 }).map((writes) => () => ({ ...put(), writes })),
  },
  { weight: 1, arbitrary: again },
)
