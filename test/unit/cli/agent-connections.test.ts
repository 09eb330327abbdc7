import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import {
  type Connection,
  type Connections,
  createConnections,
  SILENT_MS,
} from '../../../src/cli/agent/connections.ts'

suite('connections of the agent', () => {
  let now: number
  let connections: Connections
  let closed: string[]
  let busy: Set<string>
  const connection = (name: string): Connection => ({
    isBusy: () => busy.has(name),
    close: () => void closed.push(name),
  })

  beforeEach(() => {
    now = 5
    connections = createConnections(3, () => now)
    closed = []
    busy = new Set()
  })

  function admitAll(...names: readonly string[]) {
    return names.map((name) => {
      const one = connection(name)
      assert.ok(connections.admit(one), name)
      now += 1
      return one
    })
  }

  test('as many as there are places are served, and a place that was left is free', () => {
    const [, second = assert.fail()] = admitAll('a', 'b', 'c')
    connections.leave(second)
    admitAll('d')
    assert.equal(connections.admit(connection('e')), false)
    assert.deepEqual(closed, [])
  })

  test('the one that has been silent the longest gives way', () => {
    const [first = assert.fail()] = admitAll('a', 'b', 'c')
    connections.used(first)
    now += SILENT_MS
    admitAll('d', 'e')
    assert.deepEqual(closed, ['b', 'c'])
  })

  test('one that waits for an answer does not give way', () => {
    admitAll('a', 'b', 'c')
    now += SILENT_MS
    busy.add('a').add('b').add('c')
    assert.equal(connections.admit(connection('d')), false)
    busy.delete('b')
    admitAll('e')
    assert.deepEqual(closed, ['b'])
  })

  test('one that was used a moment ago does not give way', () => {
    const [, , third = assert.fail()] = admitAll('a', 'b', 'c')
    busy.add('a').add('b')
    connections.used(third)
    now += SILENT_MS - 1
    assert.equal(connections.admit(connection('d')), false)
    now += 1
    admitAll('e')
    assert.deepEqual(closed, ['c'])
  })

  test('one that gave way has no place any more, whatever it does', () => {
    const [first = assert.fail()] = admitAll('a', 'b', 'c')
    now += SILENT_MS
    admitAll('d')
    connections.used(first)
    connections.leave(first)
    assert.equal(connections.admit(connection('e')), true)
    assert.deepEqual(closed, ['a', 'b'])
  })
})
