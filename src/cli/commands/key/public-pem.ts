/** A public key from a PEM file (RFC 7468), of which nothing is believed: it may be any file at all. */
import { createPublicKey } from 'node:crypto'
import { fromBase64 } from '../../../base/bytes.ts'
import { HsmError } from '../../../contract/errors.ts'
import { shown } from '../../../contract/shown.ts'

/** A file with one public key of the largest kind is a fraction of it. */
export const PEM_BYTES = 64 * 1024

export type PublicClass = 'ec-public' | 'rsa-public'

/** By what stands after BEGIN. */
const ENCODINGS: Readonly<Record<string, 'spki' | 'pkcs1'>> = {
  'PUBLIC KEY': 'spki',
  'RSA PUBLIC KEY': 'pkcs1',
}

const KEY_TYPES: Readonly<
  Record<PublicClass, { readonly title: string; readonly types: readonly string[] }>
> = {
  'ec-public': { title: 'an EC or Ed25519', types: ['ec', 'ed25519'] },
  'rsa-public': { title: 'an RSA', types: ['rsa'] },
}

/** The line that a block begins with, and a whole block; text around it is allowed (RFC 7468 §2). */
const BEGIN = /^-----BEGIN ([^\r\n]*?)-----/gm
const BLOCK = /^-----BEGIN ([^\r\n]*?)-----[ \t]*\r?$([^-]*)^-----END \1-----[ \t]*\r?$/m

/**
 * @param file its name, for the message
 * @returns DER SubjectPublicKeyInfo
 * @throws HsmError `invalid-data`
 */
export function readPublicPem(content: Buffer, name: PublicClass, file: string): Buffer {
  const refused = (rule: string) => new HsmError('invalid-data', `--path: ${shown(file)} ${rule}`)
  const text = content.toString('latin1')
  const labels = [...text.matchAll(BEGIN)].map(([, label = '']) => label)
  if (labels.some(isPrivate)) throw refused('has a private key in it; only public keys can be imported')
  const [, label, body] = BLOCK.exec(text) ?? []
  if (label === undefined || body === undefined) throw refused('is not a PEM file')
  if (labels.length > 1) throw refused('has more than one PEM block')
  const type = Object.hasOwn(ENCODINGS, label) ? ENCODINGS[label] : undefined
  if (type === undefined) throw refused(`is not a public key: its PEM label is ${shown(label)}`)
  const { title, types } = KEY_TYPES[name]
  const spki = parsed(body.replace(/\s/g, ''), type, types)
  if (!spki) throw refused(`is not ${title} public key`)
  return spki
}

const isPrivate = (label: string): boolean => label.includes('PRIVATE KEY')

/** A point at infinity can be read and not written. */
function parsed(body: string, type: 'spki' | 'pkcs1', types: readonly string[]): Buffer | undefined {
  const der = fromBase64(body)
  if (!der) return undefined
  try {
    const key = createPublicKey({ key: der, format: 'der', type })
    const fits = types.includes(key.asymmetricKeyType ?? '')
    return fits ? key.export({ type: 'spki', format: 'der' }) : undefined
  } catch {
    return undefined
  }
}
