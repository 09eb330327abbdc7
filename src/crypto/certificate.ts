import { X509Certificate } from 'node:crypto'
import { HsmError } from '../contract/errors.ts'

/** Throws `invalid-data` unless `der` is one X.509 certificate (RFC 5280 §4.1) and nothing else. */
export function checkCertificate(der: Buffer): undefined {
  let whole: Buffer
  try {
    whole = new X509Certificate(der).raw
  } catch (cause) {
    throw new HsmError('invalid-data', 'value is not an X.509 certificate in DER', { cause })
  }
  if (!whole.equals(der)) throw new HsmError('invalid-data', 'value is not an X.509 certificate in DER')
}
