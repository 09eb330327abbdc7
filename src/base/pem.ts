/** Checks PEM files with certificates and private keys; what is wrong with one ends a sentence. */

/** By import it would be loaded at every start of the CLI, which needs it only when something is wrong. */
const library = () => process.getBuiltinModule('node:crypto')

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/

/** Cheap enough for every start of a program; `certificateProblem` finds more. */
export const looksLikeCertificate = (text: string): boolean => text.includes('-----BEGIN CERTIFICATE-----')
/** Looks at the label only, not at the key. */
export const looksLikePrivateKey = (text: string): boolean => PRIVATE_KEY.test(text)

/** Undefined when the file has one certificate in PEM or several, and nothing that looks like one and is none. */
export function certificateProblem(file: Uint8Array): string | undefined {
  const text = Buffer.from(file).toString('latin1')
  const found = text.match(CERTIFICATE) ?? []
  if (found.length === 0) {
    return (
      formProblem(file, text) ?? (looksLikePrivateKey(text) ? KEY_GIVEN : 'there is no certificate in it')
    )
  }
  return found.every(isCertificate) ? undefined : 'a certificate in it is damaged'
}

const KEY_GIVEN = 'it is a private key, not a certificate'

/** Undefined when the file has a private key in PEM that can be used without a passphrase. */
export function privateKeyProblem(file: Uint8Array): string | undefined {
  const text = Buffer.from(file).toString('latin1')
  if (!looksLikePrivateKey(text)) {
    const other = looksLikeCertificate(text) ? 'it is a certificate, not a private key' : undefined
    return formProblem(file, text) ?? other ?? 'there is no private key in it'
  }
  if (/ENCRYPTED/.test(text)) return 'its private key is protected by a passphrase'
  try {
    library().createPrivateKey(text)
    return undefined
  } catch {
    return 'its private key is damaged'
  }
}

/** Whether the key is that of the first certificate; both files have no other problem. */
export const belongTogether = (certificate: Uint8Array, key: Uint8Array): boolean =>
  new (library().X509Certificate)(certificate).checkPrivateKey(library().createPrivateKey(Buffer.from(key)))

/** DER begins with a SEQUENCE (X.690 §8.9). */
function formProblem(file: Uint8Array, text: string): string | undefined {
  if (text.trim() === '') return 'it is empty'
  return file[0] === 0x30 && !text.includes('-----BEGIN ') ? 'it is DER, and PEM is needed' : undefined
}

function isCertificate(pem: string): boolean {
  try {
    return new (library().X509Certificate)(pem).raw.length > 0
  } catch {
    return false
  }
}
