/** The connections between the nodes of a cluster: one each way, for frames that may be late, lost, doubled or anybody's. */

/** A connection of this node to another. Both ends know its `binding`, a text that no other connection has. */
export interface PeerLink {
  readonly binding: string
  /** In one piece. Never waits. Frames that cannot be sent are lost. */
  write(...frames: readonly Uint8Array[]): void
}

export type PeerLinksHooks = {
  /** A connection to another node is there. */
  readonly onLink: (link: PeerLink) => void
  /**
   * FRAME_BYTES have arrived on a connection of another's making.
   * @returns whether a node of the cluster sent them; whoever sends anything else is cut off
   */
  readonly onFrame: (frame: Uint8Array, binding: string) => boolean
}

export interface PeerLinks {
  /** Nothing is connected, and nothing taken, before. */
  open(hooks: PeerLinksHooks): void
  /** Keeps a connection to each of these, as nodes advertise them, and none to others. */
  keep(addresses: readonly string[]): void
  /** Gives up a connection that may be dead, and makes another. */
  renew(address: string): void
  /** The connections that are there, by address. */
  links(): ReadonlyMap<string, PeerLink>
  close(): void
}

/** Of a node that tells the others through etcd only. */
export const NO_LINKS: PeerLinks = {
  open: () => undefined,
  keep: () => undefined,
  renew: () => undefined,
  links: () => new Map(),
  close: () => undefined,
}
