/** Encodings of a file that names a private key; docs/KEY-FILES.md has their formats. */
export const REFERENCE_ENCODINGS = ['reference-pem', 'cloudhsm-reference-pem'] as const
export type ReferenceEncoding = (typeof REFERENCE_ENCODINGS)[number]
