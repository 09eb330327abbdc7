import { MECHANISM_TYPES, type MechanismType } from '../../src/contract/mechanism-types.ts'
import { CKF } from '../../src/pkcs11/cryptoki/mechanism-flags.ts'
import { CKA } from '../../src/pkcs11/cryptoki/objects.ts'
import { mechanismInfo } from '../../src/pkcs11/mechanisms/info.ts'
import { FLAG_ATTRIBUTES } from '../../src/pkcs11/objects/flags.ts'
import { CALLS } from '../../src/pkcs11/rpc/calls.ts'

const USES = {
  ENCRYPT: 'encrypt',
  DECRYPT: 'decrypt',
  DIGEST: 'digest',
  SIGN: 'sign',
  VERIFY: 'verify',
  GENERATE: 'generate',
  GENERATE_KEY_PAIR: 'generate',
  WRAP: 'wrap',
  UNWRAP: 'unwrap',
  DERIVE: 'derive',
} as const satisfies Partial<Record<keyof typeof CKF, string>>

const nameIn = (table: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(table).find(([, known]) => known === value)?.[0] ?? ''

function usesOf(flags: number): string {
  const uses = Object.entries(USES).filter(([flag]) => flags & CKF[flag as keyof typeof USES])
  return uses.map(([, use]) => use).join(', ')
}

function mechanismRow([name, { value, p11Kit }]: [string, MechanismType]): string {
  const { min, max, flags } = mechanismInfo(value, 'non-fips') ?? { min: 0, max: 0, flags: 0 }
  const inFips = mechanismInfo(value, 'fips')?.flags ?? 0
  const fips = inFips === flags ? 'the same' : usesOf(inFips) || 'nothing'
  const sizes = min === max ? String(max || '') : `${min} to ${max}`
  return `| \`CKM_${name}\` | ${sizes} | ${usesOf(flags)} | ${fips} | ${p11Kit} |`
}

const flagRows = Object.entries(FLAG_ATTRIBUTES).map(
  ([type, name]) => `| \`CKA_${nameIn(CKA, Number(type))}\` | \`${name}\` |`,
)

/** Answered with a refusal of their own, always. */
const REFUSED: ReadonlySet<string> = new Set(['C_DigestKey', 'C_SeedRandom'] satisfies (keyof typeof CALLS)[])

/** What PKCS#11 programs find: mechanisms, attributes and functions. */
export function pkcs11Page(): string {
  return `# PKCS#11: mechanisms, attributes, functions

<!-- Generated from src/pkcs11/ by "npm run fix"; do not edit. -->

[PKCS11.md](../PKCS11.md) says how programs are pointed at Strongroom.

## Mechanisms

Key sizes are bits of RSA and EC keys, bytes of others. The last column is the oldest p11-kit whose client library lets the
mechanism through: Debian 12 has 0.24, Debian 13 has 0.25. It leaves out of \`C_GetMechanismList\` what it does not know.
[Strongroom's own module](../PKCS11-MODULE.md) carries them all.

| mechanism | key sizes | for | in FIPS mode for | p11-kit |
| --- | --- | --- | --- | --- |
${Object.entries(MECHANISM_TYPES).map(mechanismRow).join('\n')}

Curves are P-224, P-256, P-384, P-521 and secp256k1, named by their object identifiers.
\`CKM_EC_KEY_PAIR_GEN\` makes Ed25519 keys, too, as with CloudHSM. \`CKM_ECDH1_DERIVE\` takes
\`CKD_NULL\` and the KDFs of X9.63 with SHA-1 and SHA-2, also by CloudHSM's names (\`CKD_CLOUDHSM_X963_SHA256_KDF\`). \`CKM_SP800_108_COUNTER_KDF\` derives from
generic secrets and AES keys ([how](../PKCS11-MODULE.md#ckm_sp800_108_counter_kdf)).
\`CKM_AES_GCM\` takes the caller's IV, since the protocol cannot
return one; never use an IV twice with one key. Programs for CloudHSM pass an IV of zeros and read the HSM's own back: to
encrypt or wrap with zeros is \`CKR_MECHANISM_PARAM_INVALID\`, and the log says why. In FIPS mode ECDSA refuses digests that are weaker than the curve.

## Attributes

These are the same on both sides, in \`key list --verbose\` and here:

| PKCS#11 | CLI |
| --- | --- |
${flagRows.join('\n')}
| \`CKA_LABEL\` | \`label\` |
| \`CKA_ID\` | \`id\` |
| \`CKA_SUBJECT\` | not shown |
| \`CKA_CLASS\` | \`class\` |
| \`CKA_KEY_TYPE\` | \`key-type\`; keys on ed25519 are \`ec\` there and \`CKK_EC_EDWARDS\` here |
| \`CKA_LOCAL\`, \`CKA_ALWAYS_SENSITIVE\`, \`CKA_NEVER_EXTRACTABLE\` | \`local\`, \`always-sensitive\`, \`never-extractable\` |
| \`CKA_CHECK_VALUE\` | \`check-value\` |
| \`CKA_VALUE_LEN\` | \`key-length-bytes\` of secret keys |
| \`CKA_MODULUS\`, \`CKA_MODULUS_BITS\`, \`CKA_PUBLIC_EXPONENT\` | \`modulus\`, \`modulus-size-bits\`, \`public-exponent\` |
| \`CKA_EC_PARAMS\`, \`CKA_EC_POINT\` | \`curve\`, \`ec-point\` |
| \`CKA_CLOUDHSM_PARAMETER_SET\` (0x80005301: 1, 2, 3) | \`mldsa-algorithm\` (\`ML-DSA-44\`, \`-65\`, \`-87\`) |
| \`CKA_UNIQUE_ID\` | the key reference |
| \`CKA_WRAP_TEMPLATE\`, \`CKA_UNWRAP_TEMPLATE\` | \`wrap-template\`, \`unwrap-template\`; they hold flags, and are set and not read |

Private keys have \`CKA_PUBLIC_KEY_INFO\` and the public numbers too. \`CKA_VALUE\` and the private numbers are
\`CKR_ATTRIBUTE_SENSITIVE\`, but for a secret key with \`CKA_SENSITIVE\` false and \`CKA_EXTRACTABLE\` true, of which the owner
may read the value.

What a key may be used for is what its template says. With \`C_UnwrapKey\`, so is what the \`CKA_UNWRAP_TEMPLATE\` of the
unwrapping key says. What nobody names is as with CloudHSM:

| made by | \`CKA_SIGN\`, \`CKA_VERIFY\` | \`CKA_ENCRYPT\`, \`CKA_DECRYPT\`, \`CKA_WRAP\`, \`CKA_UNWRAP\`, \`CKA_DERIVE\` |
| --- | --- | --- |
| \`C_GenerateKey\` | true | false |
| \`C_GenerateKeyPair\`, \`C_CreateObject\`, \`C_UnwrapKey\`, \`C_DeriveKey\` | false | false |

Otherwise the defaults are those of the CLI, but for \`CKA_TOKEN\`, which is false as PKCS#11 has it: without it an object
ends with its session.

## Functions

${Object.keys(CALLS)
  .filter((name) => name.startsWith('C_'))
  .filter((name) => !REFUSED.has(name))
  .map((name) => `\`${name}\``)
  .join(', ')}.

\`C_InitToken\` and \`C_InitPIN\` are not there: users are made with the CLI. \`C_DigestKey\` would need the key outside
the HSM, \`C_GetOperationState\` what is in the middle of an operation, and \`C_SeedRandom\` a generator that takes advice: all
three are refused. So are recovery of data from signatures (\`C_SignRecover\`, \`C_VerifyRecover\`), functions that do two
things at once (\`C_DigestEncryptUpdate\` and the like), and messages of PKCS#11 3.0 in parts
(\`C_EncryptMessageBegin\` and the like). The other functions for messages are there for Strongroom's own module:
p11-kit cannot carry their parameters.
`
}
