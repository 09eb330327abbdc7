/** What peers may take of a server before anyone there has logged in, whatever protocol they speak. */
export type AnonymousShare = {
  /** Whether anything is left of what this peer may spend of the event loop. */
  has(peer: string): boolean
  /** Spends milliseconds of it. */
  charge(peer: string, ms: number): void
  /** Of the event loop for each byte that comes, besides what is measured. */
  readonly msPerByte: number
  /**
   * A request of the peer is worked on.
   *
   * @returns to be called when that is done
   * @throws HsmError `busy` when there are too many of them
   */
  begin(peer: string): () => void
}
