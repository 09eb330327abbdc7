/** Authenticated encryption as the store needs it. `crypto/seal.ts` has the real one; `main` hands it in. */
export interface Sealer {
  /** @param context what the plaintext is sealed as; the same must be given to open it */
  seal(plaintext: Uint8Array, context: string): Buffer
  /** Throws when the bytes were not sealed under this key with this context. */
  open(sealed: Uint8Array, context: string): Buffer
  /** 32 bytes that nobody can tell or make without the key: a pseudo-random function of the text. */
  mark(text: string): Buffer
}
