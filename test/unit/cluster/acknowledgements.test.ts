/** Who is told at once that a commit is applied here: whoever made it, and nobody else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAcknowledgements } from '../../../src/cluster/acknowledgements.ts'
import type { RecordKey } from '../../../src/model/records.ts'
import { aKey } from '../../support/records.ts'

function node() {
  let newest = 0
  const told: { readonly revision: number; readonly waiting: readonly string[] }[] = []
  const acknowledgements = createAcknowledgements({
    id: () => 'me',
    seen: () => true,
    awaits: () => false,
    newestRevision: () => newest,
    async tell(revision, waiting) {
      told.push({ revision, waiting })
      return true
    },
    startOver: () => undefined,
  })
  const settled: (() => void)[] = []
  acknowledgements.begin(() => new Promise((resolve) => settled.push(resolve)))
  const change = (key: RecordKey) => ({ key, revision: newest, before: undefined, after: aKey() })
  return {
    told,
    applied(author: string) {
      newest += 1
      acknowledgements.applied([change('key/0x0000000000001000'), change(`audit-head/${author}`)])
    },
    /** The uses that were ended so far are over. */
    async settle() {
      for (let turn = 0; turn < 5; turn++) await undefined
      for (const resolve of settled.splice(0)) resolve()
      for (let turn = 0; turn < 5; turn++) await undefined
    },
  }
}

test('the node that made a commit is told at once that it is applied', async () => {
  const { told, applied, settle } = node()
  applied('b')
  await settle()
  assert.deepEqual(told, [{ revision: 1, waiting: ['b'] }])
  applied('c')
  await settle()
  assert.deepEqual(told[1], { revision: 2, waiting: ['c'] })
})

test('all are that made commits meanwhile, each until it is told of its newest', async () => {
  const { told, applied, settle } = node()
  applied('b')
  await undefined
  await undefined
  applied('c')
  applied('b')
  await settle()
  await settle()
  assert.deepEqual(told, [
    { revision: 1, waiting: ['b', 'c'] },
    { revision: 3, waiting: ['b', 'c'] },
  ])
})

test('nobody is told at once of what this node made itself', async () => {
  const { told, applied, settle } = node()
  applied('me')
  await settle()
  await settle()
  assert.deepEqual(told, [{ revision: 1, waiting: [] }])
})
