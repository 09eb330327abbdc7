/**
 * What lies between the nodes, and who is in it: frames are lost, late, doubled and overtaken, links are cut, and somebody
 * sends again what he has heard anywhere, changes it, and makes up frames as well as he can without the key of the cluster.
 */
import type { PeerLink, PeerLinks, PeerLinksHooks } from '../../../src/cluster/peer-links.ts'
import { FRAME_BYTES, type Mark } from '../../../src/cluster/peer-messages.ts'
import { createSealer } from '../../../src/crypto/seal.ts'
import type { Scene } from './faults.ts'
import type { Process } from './process.ts'
import type { Chance, VirtualTime } from './virtual-time.ts'

/** Of the nodes of the cluster; nobody else can compute it. */
export const MARK: Mark = createSealer(new Uint8Array(32).fill(7), 'peers', 'cluster-test2345abc').mark

type End = { readonly process: Process; readonly hooks: PeerLinksHooks }
type Sent = { readonly frame: Uint8Array; readonly binding: string }
type Link = PeerLink & { readonly process: Process }

export type PeerNetwork = {
  /** @param address of the machine that the process runs on */
  linksOf(address: string, process: Process): PeerLinks
  /** Nothing goes from or to these. */
  readonly cut: Set<string>
  loss: number
  /** Everything that was sent since the beginning. */
  readonly sent: readonly Sent[]
  /** To whatever process runs there now. */
  inject(address: string, sent: Sent): void
}

const SENT_KEPT = 2000

/** @param faults whether frames may be late and doubled */
export function createPeerNetwork(time: VirtualTime, chance: Chance, faults: boolean): PeerNetwork {
  const ends = new Map<string, End>()
  const sent: Sent[] = []
  let opened = 0

  const isOut = () => chance.happens(network.loss)
  const delay = () =>
    chance.between(0.1, faults && chance.happens(0.03) ? chance.pick([30, 3000, 9000]) : 1.5)

  /** It arrives at the process that the link leads to, or nowhere. */
  function deliver({ process, hooks }: End, address: string, one: Sent): void {
    process.arrives(time.now() + delay(), () => {
      if (!network.cut.has(address)) hooks.onFrame(one.frame, one.binding)
    })
  }

  function link(from: string, to: string, end: End): Link {
    const binding = `link-${++opened}`
    function send(one: Sent): void {
      sent.push(one)
      if (sent.length > SENT_KEPT) sent.splice(Math.floor(chance.next() * SENT_KEPT), 1)
      if (network.cut.has(from) || network.cut.has(to) || isOut()) return
      deliver(end, to, one)
      while (faults && chance.happens(0.05)) deliver(end, to, one)
    }
    return {
      binding,
      process: end.process,
      write(...frames) {
        for (const frame of frames) send({ frame: Uint8Array.from(frame), binding })
      },
    }
  }

  const network: PeerNetwork = {
    cut: new Set(),
    loss: 0,
    sent,
    linksOf(address, process) {
      const links = new Map<string, Link>()
      let wanted: readonly string[] = []
      let hooks: PeerLinksHooks | undefined
      function connect(): void {
        if (!hooks) return
        for (const to of wanted) {
          const end = ends.get(to)
          if (links.get(to)?.process.alive || !end?.process.alive) continue
          if (network.cut.has(to) || network.cut.has(address)) continue
          const made = link(address, to, end)
          links.set(to, made)
          hooks.onLink(made)
        }
        process.after(chance.between(20, 200), connect)
      }
      return {
        open(given) {
          hooks = given
          ends.set(address, { process, hooks })
          connect()
        },
        keep(addresses) {
          wanted = addresses
          for (const to of links.keys()) if (!wanted.includes(to)) links.delete(to)
        },
        renew: (to) => void links.delete(to),
        links: () => links,
        close: () => void ends.delete(address),
      }
    },
    inject(address, one) {
      const end = ends.get(address)
      end?.process.arrives(time.now(), () => void end.hooks.onFrame(one.frame, one.binding))
    },
  }
  return network
}

/** Cuts links, loses frames, and says whatever he can to whoever listens; he has heard everything. */
export function troublePeers(
  { time, chance, until }: Scene,
  network: PeerNetwork,
  addresses: readonly string[],
): void {
  const [first = '', ...others] = addresses
  const anywhere = () => chance.pick([first, ...others])
  const soon = (low: number, high: number) => Math.min(time.now() + chance.between(low, high), until)

  function cut(): void {
    const address = anywhere()
    network.cut.add(address)
    time.at(soon(50, 5000), () => network.cut.delete(address))
  }
  function lose(): void {
    network.loss = chance.between(0.1, 0.9)
    time.at(soon(500, 4000), () => {
      network.loss = 0
    })
  }
  function say(): void {
    const heard = network.sent[Math.floor(chance.next() * network.sent.length)]
    if (!heard) return
    const { frame, binding } = heard
    chance.pick([
      () => network.inject(anywhere(), heard),
      () => network.inject(anywhere(), { frame, binding: `${binding}0` }),
      () => network.inject(anywhere(), { frame: frame.subarray(0, chance.between(0, FRAME_BYTES)), binding }),
      () => network.inject(anywhere(), { frame: changed(frame), binding }),
      () => network.inject(anywhere(), { frame: forged(frame), binding }),
    ])()
  }
  /** One bit is different. */
  function changed(frame: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(frame)
    const at = Math.floor(chance.next() * copy.length)
    copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(chance.next() * 8))
    return copy
  }
  /** A process that has said something has applied everything that there will ever be; without a MAC. */
  function forged(frame: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(frame)
    copy.fill(0xff, 1 + 16 + 3, 1 + 16 + 8)
    copy.fill(0, 1 + 16 + 8)
    return copy
  }

  const troubles = (): void => {
    if (time.now() >= until) return
    chance.pick([cut, lose, ...Array<() => void>(14).fill(say)])()
    time.at(time.now() + chance.between(5, 300), troubles)
  }
  time.at(chance.between(0, 3000), troubles)
}
