import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import type { Member } from '../../../src/cluster/coordination.ts'
import { createMembershipView, type MembershipView } from '../../../src/cluster/membership-view.ts'
import {
  ackKey,
  EVERYTHING,
  nodeKey,
  writeAcknowledgement,
  writeRegistration,
} from '../../../src/cluster/registration.ts'

const GRACE = 3250
/** By then nothing from before the beginning matters any more. */
const SETTLED = 10_000

const node = (id: string, boot: string, revision: number, begun = 0): Member => ({
  key: nodeKey(id),
  value: writeRegistration({ id, address: `${id}.example`, version: '1.0.0', boot, begun }),
  revision,
  lease: '1',
})
const ack = (id: string, boot: string, upTo: number, revision: number): Member => ({
  key: ackKey(id),
  value: writeAcknowledgement({ boot, revision: upTo }),
  revision,
  lease: '1',
})

suite('view of the membership', () => {
  let seen: boolean
  let view: MembershipView
  const stands = (member: Member, now = SETTLED) =>
    view.apply({ key: member.key, revision: member.revision, member }, now)
  const goes = (id: string, now = SETTLED) =>
    view.apply({ key: nodeKey(id), revision: 99, member: undefined }, now)
  const behind = (revision: number, now = SETTLED) => view.behind(revision, now).map(({ id }) => id)

  beforeEach(() => {
    seen = true
    const members = [node('me', 'my-boot', 5, 4), node('b', 'b-boot', 6, 5), ack('b', 'b-boot', 7, 8)]
    view = createMembershipView({ boot: 'my-boot', graceMs: GRACE, seen: () => seen, members }, 0)
  })

  test('what a process says directly counts for that process alone, and is never taken back', () => {
    stands(node('c', 'c-boot', 7))
    view.hear({ boot: 'c-boot', revision: 9 })
    view.hear({ boot: 'c-boot', revision: 3 })
    assert.deepEqual(behind(9), ['b'])
    assert.deepEqual(behind(10), ['b', 'c'])
    view.hear({ boot: 'b-boot', revision: 10 })
    assert.deepEqual(behind(10), ['c'])
  })

  test('what an earlier process of a node says counts for that one, which is waited for, and not for the next', () => {
    stands(node('b', 'next-boot', 9, 5))
    assert.deepEqual(behind(8), ['b', 'b'])
    view.hear({ boot: 'b-boot', revision: 8 })
    assert.deepEqual(behind(8), ['b'])
    view.hear({ boot: 'next-boot', revision: 8 })
    assert.deepEqual(behind(8), [])
  })

  test('what a process says of which nothing is known does not count when it registers', () => {
    view.hear({ boot: 'c-boot', revision: 20 })
    stands(node('c', 'c-boot', 9, 5))
    assert.ok(behind(10).includes('c'))
  })

  test('a node is behind until it has acknowledged; this one never is', () => {
    assert.deepEqual(behind(7), [])
    assert.deepEqual(behind(8), ['b'])
    stands(ack('b', 'b-boot', 8, 9))
    assert.deepEqual(behind(8), [])
  })

  test('an acknowledgement is not taken back by an older one', () => {
    stands(ack('b', 'b-boot', 20, 21))
    stands(ack('b', 'b-boot', 10, 22))
    assert.deepEqual(behind(20), [])
  })

  test('a node has what it had applied when it began', () => {
    stands(node('c', 'c-boot', 31, 30))
    assert.deepEqual(behind(30), ['b'])
    assert.deepEqual(behind(31), ['b', 'c'])
  })

  test('what is put back says what it said, and no more', () => {
    stands(node('b', 'b-boot', 40, 5))
    stands(ack('b', 'b-boot', 7, 41))
    assert.deepEqual(behind(7), [])
    assert.deepEqual(view.behind(8, SETTLED), [{ id: 'b', until: undefined }])
  })

  test('a registration that is put back and removed again is outlived anew', () => {
    goes('b', SETTLED)
    stands(node('b', 'b-boot', 40, 5), SETTLED + 1000)
    assert.deepEqual(view.behind(8, SETTLED + 2000), [{ id: 'b', until: undefined }])
    goes('b', SETTLED + 2000)
    assert.deepEqual(view.behind(8, SETTLED + GRACE), [{ id: 'b', until: SETTLED + 2000 + GRACE }])
  })

  test('a former life that is put back speaks neither for nor against the present one', () => {
    stands(node('b', 'former-boot', 40, 1))
    assert.deepEqual(view.behind(8, SETTLED), [
      { id: 'b', until: undefined },
      { id: 'b', until: SETTLED + GRACE },
    ])
  })

  test('a node of a version that does not say what it had applied is behind until it acknowledges', () => {
    const value = JSON.stringify({ id: 'c', address: 'c', version: '0', boot: 'c-boot', first: true })
    stands({ ...node('c', 'c-boot', 30), value })
    assert.deepEqual(behind(7), ['c'])
    stands(ack('c', 'c-boot', 7, 31))
    assert.deepEqual(behind(7), [])
  })

  test('a node that registers again may still have a use from before under way', () => {
    goes('b')
    stands(node('b', 'b-boot', 40))
    assert.deepEqual(behind(39), ['b'])
    stands(ack('b', 'b-boot', 40, 41))
    assert.deepEqual(behind(39), [])
  })

  test('a node that is gone may serve for a while', () => {
    goes('b')
    assert.deepEqual(view.behind(8, SETTLED), [{ id: 'b', until: SETTLED + GRACE }])
    assert.deepEqual(behind(8, SETTLED + GRACE - 1), ['b'])
    assert.deepEqual(behind(8, SETTLED + GRACE), [])
    assert.deepEqual(
      view.registered().map(({ id }) => id),
      ['me'],
    )
  })

  test('the next life of a node does not speak for the one before', () => {
    stands(node('b', 'next-boot', 40, 39))
    stands(ack('b', 'next-boot', 50, 51))
    assert.deepEqual(behind(8), ['b'])
    assert.deepEqual(behind(8, SETTLED + GRACE), [])
  })

  test('a node that left in an orderly way is waited for by nobody', () => {
    stands(ack('b', 'b-boot', EVERYTHING, 9))
    goes('b')
    assert.deepEqual(behind(1000), [])
  })

  test('at first, and while not all is seen, there may be nodes that nobody knows of', () => {
    assert.deepEqual(behind(1, GRACE - 1).length, 1)
    assert.deepEqual(behind(1, GRACE), [])
    seen = false
    assert.deepEqual(view.behind(1, SETTLED)[0]?.until, SETTLED + GRACE)
    seen = true
    view.missed(SETTLED)
    assert.equal(behind(1, SETTLED + GRACE - 1).length, 1)
    assert.deepEqual(behind(1, SETTLED + GRACE), [])
  })
})
