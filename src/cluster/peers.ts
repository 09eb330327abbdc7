/** The other nodes as this one reaches them directly: what it has applied is told to each, and what they tell is noted. */
import type { PeerLink, PeerLinks } from './peer-links.ts'
import { type Mark, readFrame, writeFrame } from './peer-messages.ts'
import type { Acknowledgement, Registration } from './registration.ts'

export interface Peers {
  open(): void
  /** To be called when other nodes have registered, or have left. */
  review(): void
  /**
   * Tells nodes that this process has applied everything up to the revision, and that no use which this ended is under way in it.
   *
   * @param waiting ids of those that are told now; the others are with `tellRest`
   * @returns whether every registered node is linked and was heard lately. Whether it hears is not known
   */
  tell(revision: number, waiting: readonly string[]): boolean
  /** Tells what was told last to all that were not told so. */
  tellRest(): void
  /** Says that this node wants to commit after the commit of this number, and with it what the rest has not been told. */
  wish(commit: number): void
  /** What was told last is told again. To be called at an even pace. */
  repeat(): void
  close(): void
}

export type PeersNeeds = {
  /** Of this process. */
  readonly boot: string
  readonly links: PeerLinks
  /** Under the master key of the cluster, for these messages only. */
  readonly mark: Mark
  /** Live nodes, this one among them. */
  readonly registered: () => readonly Registration[]
  readonly onAcknowledged: (acknowledgement: Acknowledgement) => void
  readonly onWish: (boot: string, commit: number) => void
}

/** A node that is silent for so long may not hear either. Both say something between two repeats. */
const UNHEARD_REPEATS = 2
/** One that is silent for so long is cut off in one direction, and so the connection to it may be dead. */
const SILENT_REPEATS = 4

export function createPeers({ boot, links, mark, registered, ...hooks }: PeersNeeds): Peers {
  let told = 0
  /** What was told last on each connection. */
  const toldOn = new WeakMap<PeerLink, number>()
  /** How often was repeated since a process was heard last. */
  let silence = new Map<string, number>()
  const others = () => registered().filter((node) => node.boot !== boot)
  const addresses = () => others().map(({ address }) => address)
  const isUntold = (link: PeerLink) => (toldOn.get(link) ?? 0) < told
  function acknowledgement(link: PeerLink): Uint8Array {
    toldOn.set(link, told)
    return writeFrame(mark, link.binding, { kind: 'acknowledgement', boot, revision: told })
  }
  const tellOn = (link: PeerLink) => link.write(acknowledgement(link))

  return {
    open() {
      links.open({
        // It says, too, that this is a node.
        onLink: tellOn,
        onFrame(frame, binding) {
          const message = readFrame(mark, binding, frame)
          if (!message) return false
          silence.delete(message.boot)
          if (message.kind === 'wish') hooks.onWish(message.boot, message.revision)
          else hooks.onAcknowledged(message)
          return true
        },
      })
      links.keep(addresses())
    },
    review() {
      links.keep(addresses())
      silence = new Map(others().map((node) => [node.boot, silence.get(node.boot) ?? 0]))
    },
    tell(revision, waiting) {
      told = Math.max(told, revision)
      const up = links.links()
      for (const { id, address } of others()) {
        const link = waiting.includes(id) && up.get(address)
        if (link) tellOn(link)
      }
      const isHeard = (other: string) => (silence.get(other) ?? 0) < UNHEARD_REPEATS
      return others().every((node) => up.has(node.address) && isHeard(node.boot))
    },
    tellRest() {
      for (const link of links.links().values()) if (isUntold(link)) tellOn(link)
    },
    repeat() {
      for (const { boot: other, address } of others()) {
        const silent = (silence.get(other) ?? 0) + 1
        silence.set(other, silent)
        if (silent % SILENT_REPEATS === 0) links.renew(address)
      }
      for (const link of links.links().values()) tellOn(link)
    },
    wish(commit) {
      for (const link of links.links().values()) {
        const wish = writeFrame(mark, link.binding, { kind: 'wish', boot, revision: commit })
        if (isUntold(link)) link.write(acknowledgement(link), wish)
        else link.write(wish)
      }
    },
    close: links.close,
  }
}
