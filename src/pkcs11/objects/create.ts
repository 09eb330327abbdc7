/** C_CreateObject (PKCS#11 v2.40 §5.7): keys made elsewhere, and certificates. */

import { CURVES, type WeierstrassCurve } from '../../contract/algorithms.ts'
import { barePoint } from '../../contract/ec-points.ts'
import { KEY_TYPE_CLASSES, type KeyTypeClass } from '../../contract/key-type-classes.ts'
import { type Application, signedIn } from '../application.ts'
import { attributeName, CKA, CKC_X_509, CKO } from '../cryptoki/objects.ts'
import { CKR } from '../cryptoki/returns.ts'
import { meaning, refuse } from '../errors.ts'
import type { Session } from '../sessions.ts'
import { certificateAttribute, certificatesHave } from './certificate.ts'
import { curveOf } from './curves.ts'
import { ecPrivateKey, ecPublicKey, rsaPrivateKey, rsaPublicKey } from './encodings.ts'
import { keyTypeClassOf } from './key-types.ts'
import { checkWritable, handleOfKey, place } from './make.ts'
import { incomingKey, labelIn, namesIn } from './new-key.ts'
import { bytesIn, flagIn, mustBe, needed, numberIn, type Template } from './template.ts'
import { sameValue, type Value } from './value.ts'

/**
 * C_CreateObject.
 *
 * @returns the handle. Throws the CKR value that the standard names (PKCS#11 v3.1 §5.7.1)
 */
export async function createObject(
  application: Application,
  handle: number,
  template: Template,
): Promise<number> {
  const session = signedIn(application, handle)
  const objectClass = needed(numberIn(template, CKA.CLASS), CKA.CLASS)
  checkWritable(session, template)
  if (objectClass === CKO.CERTIFICATE) return createCertificate(application, session, template)
  if (objectClass === CKO.DATA) return refuse(CKR.ATTRIBUTE_VALUE_INVALID, 'There are no objects of CKO_DATA')
  const type = needed(numberIn(template, CKA.KEY_TYPE), CKA.KEY_TYPE)
  const name = keyTypeClassOf(IMPORTED, objectClass, type)
  if (!name)
    return refuse(
      CKR.ATTRIBUTE_VALUE_INVALID,
      'CKA_CLASS and CKA_KEY_TYPE name no kind of key that can be brought in',
    )
  return createKey(application, session, template, name)
}

const IMPORTED = Object.keys(KEY_TYPE_CLASSES) as KeyTypeClass[]

/** How the template of a key gives its value. */
type Given = {
  /** Attributes that `material` reads. */
  readonly parts: readonly number[]
  /** The key as the HSM takes it; wiped afterwards. */
  readonly material: (template: Template) => Buffer
}

const RSA_PUBLIC = [CKA.MODULUS, CKA.PUBLIC_EXPONENT]
const RSA_PRIVATE = [
  CKA.PRIVATE_EXPONENT,
  CKA.PRIME_1,
  CKA.PRIME_2,
  CKA.EXPONENT_1,
  CKA.EXPONENT_2,
  CKA.COEFFICIENT,
]

const bytesOf = (template: Template, type: number): Buffer => needed(bytesIn(template, type), type)

function secretValue(template: Template): Buffer {
  const value = bytesOf(template, CKA.VALUE)
  mustBe(template, CKA.VALUE_LEN, value.length)
  return Buffer.from(value)
}

const SECRET: Given = { parts: [CKA.VALUE, CKA.VALUE_LEN], material: secretValue }

const GIVEN: Readonly<Record<KeyTypeClass, Given>> = {
  aes: SECRET,
  'generic-secret': SECRET,
  des3: SECRET,
  'rsa-public': { parts: [...RSA_PUBLIC, CKA.MODULUS_BITS], material: rsaPublic },
  'rsa-private': { parts: [...RSA_PUBLIC, ...RSA_PRIVATE], material: rsaPrivate },
  'ec-public': { parts: [CKA.EC_PARAMS, CKA.EC_POINT], material: ecPublic },
  'ec-private': { parts: [CKA.EC_PARAMS, CKA.EC_POINT, CKA.VALUE], material: ecPrivate },
}

async function createKey(
  application: Application,
  session: Session,
  template: Template,
  name: KeyTypeClass,
): Promise<number> {
  const { parts, material } = GIVEN[name]
  const { templates, ...made } = incomingKey(template, KEY_TYPE_CLASSES[name].keyClass, parts)
  const bytes = material(template)
  try {
    const { key } = await meaning(
      { 'invalid-data': CKR.ATTRIBUTE_VALUE_INVALID, 'invalid-request': CKR.ATTRIBUTE_VALUE_INVALID },
      () =>
        application.account.call('key.import', {
          'key-type-class': name,
          material: bytes,
          ...made,
        }),
    )
    return await handleOfKey(application, session, key, templates)
  } finally {
    bytes.fill(0)
  }
}

function rsaPublic(template: Template): Buffer {
  const modulus = bytesOf(template, CKA.MODULUS)
  mustBe(template, CKA.MODULUS_BITS, bitsOf(modulus))
  return rsaPublicKey(modulus, bytesOf(template, CKA.PUBLIC_EXPONENT))
}

/** Without leading zeros. */
function bitsOf(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : 8 * (number.length - first) - (Math.clz32(number[first] ?? 0) - 24)
}

/** All of its numbers are needed, as the standard lets a token demand (v2.40 mechanisms §2.1.3). */
function rsaPrivate(template: Template): Buffer {
  return rsaPrivateKey({
    modulus: bytesOf(template, CKA.MODULUS),
    publicExponent: bytesOf(template, CKA.PUBLIC_EXPONENT),
    privateExponent: bytesOf(template, CKA.PRIVATE_EXPONENT),
    prime1: bytesOf(template, CKA.PRIME_1),
    prime2: bytesOf(template, CKA.PRIME_2),
    exponent1: bytesOf(template, CKA.EXPONENT_1),
    exponent2: bytesOf(template, CKA.EXPONENT_2),
    coefficient: bytesOf(template, CKA.COEFFICIENT),
  })
}

function curveIn(template: Template): WeierstrassCurve {
  const curve =
    curveOf(bytesOf(template, CKA.EC_PARAMS)) ??
    refuse(CKR.CURVE_NOT_SUPPORTED, 'CKA_EC_PARAMS names no curve of the HSM')
  return curve === 'ed25519' ? refuse(CKR.CURVE_NOT_SUPPORTED) : curve
}

/** In a DER OCTET STRING as the standard has it, or bare as some callers do. */
const pointIn = (template: Template, curve: WeierstrassCurve): Uint8Array | undefined => {
  const given = bytesIn(template, CKA.EC_POINT)
  return given && barePoint(given, curve)
}

/** The HSM refuses a point that does not belong to the number. */
function ecPrivate(template: Template): Buffer {
  const curve = curveIn(template)
  const given = bytesOf(template, CKA.VALUE)
  const { fieldBytes } = CURVES[curve]
  const extra = Math.max(given.length - fieldBytes, 0)
  if (given.subarray(0, extra).some((byte) => byte !== 0))
    refuse(CKR.ATTRIBUTE_VALUE_INVALID, 'CKA_VALUE is longer than the numbers of the curve')
  return ecPrivateKey(curve, given.subarray(extra), fieldBytes, pointIn(template, curve))
}

function ecPublic(template: Template): Buffer {
  const curve = curveIn(template)
  return ecPublicKey(curve, needed(pointIn(template, curve), CKA.EC_POINT))
}

/** What whoever brings a certificate says about it. */
const CHOSEN: ReadonlySet<number> = new Set([CKA.LABEL, CKA.ID])
const UNNAMED = { reference: '', owner: '', own: true, label: '', id: '0x' }

/** Nothing says nothing. Java and others leave out tag and length of the serial number. */
function isSame(type: number, own: Value | undefined, given: Value | Template): boolean {
  if (Buffer.isBuffer(given) && given.length === 0) return true
  if (own === undefined || given instanceof Map) return false
  const bare = type === CKA.SERIAL_NUMBER && Buffer.isBuffer(own) ? own.subarray(2) : own
  return sameValue(own, given as Value) || sameValue(bare, given as Value)
}

/** What the certificate itself says, and what is the same of all, may be named and must be right. */
async function createCertificate(
  application: Application,
  session: Session,
  template: Template,
): Promise<number> {
  if (needed(numberIn(template, CKA.CERTIFICATE_TYPE), CKA.CERTIFICATE_TYPE) !== CKC_X_509)
    refuse(CKR.ATTRIBUTE_VALUE_INVALID, 'CKA_CERTIFICATE_TYPE is not CKC_X_509')
  for (const type of template.keys()) {
    if (!certificatesHave(type))
      refuse(CKR.ATTRIBUTE_TYPE_INVALID, `A certificate has no ${attributeName(type)}`)
  }
  if (flagIn(template, CKA.TRUSTED))
    refuse(CKR.ATTRIBUTE_READ_ONLY, 'CKA_TRUSTED cannot be true of a certificate')
  const { id } = namesIn(template)
  const label = labelIn(template)
  const value = bytesOf(template, CKA.VALUE)
  const inSession = flagIn(template, CKA.TOKEN) !== true
  for (const [type, given] of template) {
    const own = certificateAttribute({ ...UNNAMED, value, session: inSession }, type)
    if (!CHOSEN.has(type) && !isSame(type, own, given))
      refuse(CKR.TEMPLATE_INCONSISTENT, `${attributeName(type)} is not that of the certificate`)
  }
  const { certificate } = await meaning(
    { 'invalid-data': CKR.ATTRIBUTE_VALUE_INVALID, 'invalid-request': CKR.ATTRIBUTE_VALUE_INVALID },
    () =>
      application.account.call('certificate.create', {
        ...(label !== undefined && { label }),
        ...(id !== undefined && { id }),
        value,
        session: inSession,
      }),
  )
  const object = { kind: 'certificate', reference: certificate.reference } as const
  return place(session, object, !certificate.session)
}
