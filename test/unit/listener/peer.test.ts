import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peerOf } from '../../../src/listener/peer.ts'

test('a peer is an IPv4 address, however it is written, or 64 bits of an IPv6 one', () => {
  for (const [address, peer] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::2:3:4:5:6', '2001:db8:0:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    [undefined, '-'],
  ] as const) {
    assert.equal(peerOf(address), peer)
  }
})
