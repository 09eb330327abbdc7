import * as v from 'valibot'
import { id, label } from './attributes.ts'
import { bytes, replyBytes } from './bytes.ts'
import { LIMITS } from './limits.ts'

/** A certificate as it is shown. */
export const certificate = v.object({
  reference: v.string(),
  owner: v.string(),
  /** It belongs to whoever asks. */
  own: v.boolean(),
  label: v.string(),
  id: v.string(),
  /** DER, whole and as it was given. */
  value: replyBytes,
  session: v.boolean(),
})
export type CertificateObject = v.InferOutput<typeof certificate>

/** A certificate that a program brings. */
export const newCertificate = v.strictObject({
  label: v.optional(label, ''),
  id: v.optional(id, '0x'),
  /** An X.509 certificate in DER. */
  value: bytes(LIMITS.certificateBytes),
  session: v.optional(v.boolean(), false),
})

/** What can be changed of a certificate; what is left out stays. */
export const certificateChange = v.strictObject({
  reference: v.pipe(v.string(), v.maxLength(32, 'reference is too long')),
  label: v.optional(label),
  id: v.optional(id),
})
