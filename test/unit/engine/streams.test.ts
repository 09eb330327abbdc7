import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createUses } from '../../../src/cluster/uses.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import type { Stream } from '../../../src/engine/streams/stream.ts'
import { createStreams } from '../../../src/engine/streams/streams.ts'
import type { Session } from '../../../src/session/sessions.ts'
import { fails } from '../../support/errors.ts'

const KEY = '0x0000000000001000'

/** A table of streams, and streams in it that keep as much as a test says. */
function table() {
  const uses = createUses()
  let endSession: (id: string) => void = () => undefined
  const streams = createStreams(uses, {
    onEnd(listener) {
      endSession = (id) => listener({ id } as Session)
    },
  })
  const closed: string[] = []
  const open = (session = 's', held = 0): Stream => {
    const stream = streams.open(session)
    streams.watch(stream, { key: KEY, user: 'u', session })
    stream.begun = {
      key: KEY,
      start: { purpose: 'sign', mechanism: { name: 'ed25519' } },
      work: {
        update: () => undefined,
        finish: async () => ({ verified: true }),
        held: () => held,
        close: () => void closed.push(stream.id),
      },
    }
    return stream
  }
  const opened = (session?: string, held?: number): Stream => {
    const stream = open(session, held)
    streams.release(stream)
    return stream
  }
  return { uses, streams, endSession, closed, open, opened }
}

suite('the streams of an HSM', () => {
  test('keep a bounded amount for one session, and get it back', () => {
    const { opened, endSession } = table()
    const each = LIMITS.sessionStreamBuffersBytes / 4
    for (let at = 0; at < 4; at++) opened('s', each)
    assert.throws(() => opened('s', 1), fails('too-many-streams', /Too much is kept/))
    opened('s', 0)
    opened('t', 1)
    endSession('s')
    opened('s', each)
  })

  test('keep a bounded amount for all of them', () => {
    const { opened, endSession } = table()
    const sessions = LIMITS.streamBuffersBytes / LIMITS.sessionStreamBuffersBytes
    for (let at = 0; at < sessions; at++) opened(`s${at}`, LIMITS.sessionStreamBuffersBytes)
    assert.throws(() => opened('another', 1), fails('busy'))
    endSession('another')
    endSession('s0')
    opened('another', 1)
  })

  test('are bounded in number', () => {
    const { opened, endSession } = table()
    for (let at = 0; at < LIMITS.streams; at++) opened(`s${Math.floor(at / LIMITS.streamsPerSession)}`)
    assert.throws(() => opened('another'), fails('busy'))
    endSession('s0')
    opened('another')
  })

  test('whose right ended make room for others', () => {
    const { uses, streams, opened } = table()
    for (let at = 0; at < LIMITS.streamsPerSession; at++) opened()
    assert.throws(() => opened(), fails('too-many-streams'))
    void uses.revoke([{ key: KEY }])
    const { id } = opened()
    assert.equal(streams.take('s', id).id, id)
  })

  test('are wiped at once when the right ends, and when a step that is under way is over', () => {
    const { uses, streams, closed, open, opened } = table()
    const [idle, busy] = [opened(), open()]
    void uses.revoke([{ key: KEY }])
    assert.deepEqual(closed, [idle.id])
    streams.release(busy)
    assert.deepEqual(closed, [idle.id, busy.id])
    assert.equal(busy.begun, undefined)
    for (const { id } of [idle, busy]) {
      assert.throws(() => streams.take('s', id), fails('revoked'))
      assert.throws(() => streams.take('s', id), fails('stream-not-found'))
    }
  })

  test('take one step at a time', () => {
    const { streams, opened } = table()
    const { id } = opened()
    const taken = streams.take('s', id)
    assert.throws(() => streams.take('s', id), fails('invalid-request', /being worked on/))
    assert.throws(() => streams.cancel('s', id), fails('invalid-request'))
    streams.release(taken)
    streams.cancel('s', id)
  })

  test('end with their session, also one with a step under way', () => {
    const { streams, closed, open, opened, endSession } = table()
    const [idle, busy, other] = [opened('s'), open('s'), opened('t')]
    endSession('s')
    assert.deepEqual(closed, [idle.id])
    streams.release(busy)
    assert.deepEqual(closed, [idle.id, busy.id])
    assert.throws(() => streams.take('s', idle.id), fails('stream-not-found'))
    assert.equal(streams.take('t', other.id).id, other.id)
  })

  test('are found by their id to the letter, and through their own session only', () => {
    const { streams, opened } = table()
    const { id } = opened('s')
    const number = id.slice('stream-'.length)
    assert.equal(streams.get('s', id)?.id, id)
    assert.equal(streams.get('other', id), undefined)
    for (const other of [`stream-0${number}`, `stream-${number}.0`, `STREAM-${number}`, number, '', `${id} `])
      assert.equal(streams.get('s', other), undefined, other)
  })

  test('that ended with their session leave its places behind', () => {
    const { streams, opened, endSession } = table()
    for (let round = 0; round < 3; round++) {
      const all = Array.from({ length: LIMITS.streamsPerSession }, () => opened('s'))
      assert.throws(() => opened('s'), fails('too-many-streams'))
      const [busy] = all
      if (busy) streams.take('s', busy.id)
      endSession('s')
      if (busy) streams.close(busy)
    }
  })
})
