/** Where a call came from, as the interface that received it knows. The caller has no say in it. */
export type CallSource =
  /** `address`: of the peer of the TCP connection, `-` when it is gone already. */
  | { readonly kind: 'https'; readonly address: string }
  /** The process that made the connection, and its user, where the system tells (SO_PEERCRED). */
  | { readonly kind: 'pkcs11'; readonly pid: number | undefined; readonly uid: number | undefined }
  /** A program elsewhere, over TLS; `address` as above. */
  | { readonly kind: 'pkcs11'; readonly address: string }
  /** The HSM's own process. */
  | { readonly kind: 'local' }

export type SourceKind = CallSource['kind']

/** In the order in which help names them. */
export const SOURCE_KINDS = ['https', 'pkcs11', 'local'] as const satisfies readonly SourceKind[]

/** The HSM itself, or a command on its home. */
export const LOCAL: CallSource = { kind: 'local' }
