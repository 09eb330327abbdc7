/** Whom a node tells directly, whom it hears, and when it takes a connection for dead. */
import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import type { PeerLink, PeerLinksHooks } from '../../../src/cluster/peer-links.ts'
import { readFrame, writeFrame } from '../../../src/cluster/peer-messages.ts'
import { createPeers, type Peers } from '../../../src/cluster/peers.ts'
import type { Acknowledgement, Registration } from '../../../src/cluster/registration.ts'
import { createSealer } from '../../../src/crypto/seal.ts'

const OWN = 'a'.repeat(32)
const OTHER = 'b'.repeat(32)
const { mark } = createSealer(new Uint8Array(32), 'peers', 'cluster-a')
const node = (id: string, boot: string): Registration => ({
  id,
  boot,
  address: `${id}:2223`,
  version: '1.0.0',
  begun: 0,
})

suite('the other nodes', () => {
  let registered: readonly Registration[]
  let kept: readonly string[]
  let renewed: string[]
  let hooks: PeerLinksHooks
  let links: Map<string, PeerLink>
  let heard: Acknowledgement[]
  let wishes: { readonly boot: string; readonly commit: number }[]
  let said: { readonly binding: string; readonly kind: string; readonly revision: number }[]
  /** Of frames, each of which costs as much as several frames in one. */
  let pieces: number
  let peers: Peers

  const linkTo = (address: string): PeerLink => {
    const binding = `to ${address}`
    const write = (...frames: readonly Uint8Array[]) => {
      const messages = frames.map((frame) => readFrame(mark, binding, frame) ?? assert.fail())
      said.push(...messages.map(({ kind, revision }) => ({ binding, kind, revision })))
      pieces += 1
    }
    const link = { binding, write }
    links.set(address, link)
    hooks.onLink(link)
    return link
  }
  const hear = (revision: number, binding = 'from b', madeFor = binding) =>
    hooks.onFrame(writeFrame(mark, madeFor, { kind: 'acknowledgement', boot: OTHER, revision }), binding)

  beforeEach(() => {
    registered = [node('me', OWN), node('b', OTHER)]
    kept = []
    renewed = []
    links = new Map()
    heard = []
    wishes = []
    said = []
    pieces = 0
    peers = createPeers({
      boot: OWN,
      mark,
      registered: () => registered,
      onAcknowledged: ({ boot, revision }) => void heard.push({ boot, revision }),
      onWish: (boot, commit) => void wishes.push({ boot, commit }),
      links: {
        open(given) {
          hooks = given
        },
        keep(addresses) {
          kept = addresses
        },
        renew: (address) => void renewed.push(address),
        links: () => links,
        close: () => undefined,
      },
    })
    peers.open()
  })

  test('are linked while they are registered, this one is not', () => {
    assert.deepEqual(kept, ['b:2223'])
    registered = [...registered, node('c', 'c'.repeat(32))]
    peers.review()
    assert.deepEqual(kept, ['b:2223', 'c:2223'])
  })

  test('are told what was said last as soon as they are linked, and what is said from then on', () => {
    assert.equal(peers.tell(5, ['b']), false)
    linkTo('b:2223')
    assert.equal(peers.tell(6, ['b']), true)
    assert.deepEqual(
      said.map(({ revision }) => revision),
      [5, 6],
    )
  })

  test('are told at once when they wait for it, else with the rest, and once', () => {
    registered = [...registered, node('c', 'c'.repeat(32))]
    linkTo('b:2223')
    linkTo('c:2223')
    said = []
    assert.equal(peers.tell(5, ['c', 'one that has left']), true)
    assert.deepEqual(said, [{ binding: 'to c:2223', kind: 'acknowledgement', revision: 5 }])
    peers.tellRest()
    peers.tellRest()
    assert.deepEqual(said.slice(1), [{ binding: 'to b:2223', kind: 'acknowledgement', revision: 5 }])
  })

  test('are told with a wish, in one piece, what they would be told soon', () => {
    registered = [...registered, node('c', 'c'.repeat(32))]
    linkTo('b:2223')
    linkTo('c:2223')
    peers.tell(5, ['c'])
    said = []
    pieces = 0
    peers.wish(12)
    peers.tellRest()
    assert.deepEqual(said, [
      { binding: 'to b:2223', kind: 'acknowledgement', revision: 5 },
      { binding: 'to b:2223', kind: 'wish', revision: 12 },
      { binding: 'to c:2223', kind: 'wish', revision: 12 },
    ])
    assert.equal(pieces, 2)
  })

  test('are reached only when all of them are', () => {
    linkTo('b:2223')
    registered = [...registered, node('c', 'c'.repeat(32))]
    assert.equal(peers.tell(5, []), false)
  })

  test('are not reached while one of them, though linked, has not been heard for some time', () => {
    linkTo('b:2223')
    peers.repeat()
    assert.equal(peers.tell(5, []), true)
    peers.repeat()
    assert.equal(peers.tell(6, []), false)
    hear(1)
    assert.equal(peers.tell(7, []), true)
  })

  test('never hear less than before', () => {
    linkTo('b:2223')
    peers.tell(7, ['b'])
    peers.tell(3, ['b'])
    peers.repeat()
    assert.deepEqual(
      said.map(({ revision }) => revision),
      [0, 7, 7, 7],
    )
  })

  test('are heard; what was made for another connection, or by nobody of the cluster, is not', () => {
    assert.equal(hear(7), true)
    assert.equal(hear(8, 'from c', 'from b'), false)
    assert.equal(hooks.onFrame(new Uint8Array(57), 'from b'), false)
    assert.deepEqual(heard, [{ boot: OTHER, revision: 7 }])
  })

  test('are told what this node wants, and heard when they want something; that acknowledges nothing', () => {
    linkTo('b:2223')
    peers.wish(12)
    assert.deepEqual(said.at(-1), { binding: 'to b:2223', kind: 'wish', revision: 12 })
    const frame = writeFrame(mark, 'from b', { kind: 'wish', boot: OTHER, revision: 13 })
    assert.equal(hooks.onFrame(frame, 'from b'), true)
    assert.deepEqual([wishes, heard], [[{ boot: OTHER, commit: 13 }], []])
  })

  test('that are not heard for some time are linked anew, and those that are heard are not', () => {
    for (let second = 0; second < 10; second++) {
      peers.repeat()
      hear(1)
    }
    assert.deepEqual(renewed, [])
    for (let second = 0; second < 5; second++) peers.repeat()
    assert.deepEqual(renewed, ['b:2223'])
  })
})
