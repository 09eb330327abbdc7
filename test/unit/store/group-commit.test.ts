/** What happens above a medium that fails. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createCatalog } from '../../../src/catalog/memory-catalog.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { type CommitFailure, createGroupCommit, type Group } from '../../../src/store/group-commit.ts'
import {
  contents,
  logged,
  put,
  sampleCluster,
  sampleKey,
  sampleUser,
  write,
} from '../../contract/store-samples.ts'

function onMedium() {
  const catalog = createCatalog()
  const groups: Group[] = []
  const medium: { failure: CommitFailure | undefined } = { failure: undefined }
  const commits = createGroupCommit(catalog, 0, (group) => {
    if (!medium.failure) groups.push(group)
    return medium.failure
  })
  return { catalog, groups, medium, commits }
}

const failure = (fatal: boolean): CommitFailure => ({ error: new HsmError('store-failure'), fatal })
const nothing = () => put()

describe('group commit', () => {
  it('commits the transactions of one turn together', async () => {
    const { commits, groups } = onMedium()
    await Promise.all([1, 2, 3].map((number) => commits.transact(() => put(sampleKey(number)))))
    await commits.transact(() => put(sampleKey(4)))
    assert.deepEqual(
      groups.map(({ revision, changes }) => [revision, changes.length]),
      [
        [3, 3],
        [4, 1],
      ],
    )
  })

  it('does not go to the medium when nothing was written', async () => {
    const { commits, groups } = onMedium()
    await commits.transact(nothing)
    assert.deepEqual(groups, [])
  })

  it('commits an audit entry that comes alone, at the revision that stands', async () => {
    const { catalog, commits, groups } = onMedium()
    const { audit } = logged(catalog, 'hsm-1', 'login')
    const { revision } = await commits.transact(() => ({ ...put(), audit }))
    assert.equal(revision, 0)
    assert.deepEqual(groups, [{ revision: 0, changes: [], audit }])
  })

  it('is as it was before when the medium fails, and all who took part hear of it', async () => {
    const { catalog, commits, medium } = onMedium()
    await commits.transact(() => put(sampleCluster(1), sampleUser(1), sampleKey(1), sampleKey(2)))
    const before = contents(catalog)
    let told = 0
    commits.subscribe(() => (told += 1))
    medium.failure = failure(false)
    const settled = await Promise.allSettled([
      commits.transact(() => put(sampleUser(1, { username: 'other' }), sampleKey(3))),
      commits.transact(() => ({
        ...put(),
        writes: [{ delete: 'key/0x0000000000000001' }, write(sampleKey(2))],
      })),
      commits.transact(() => put(sampleUser(1, { username: 'third' }), sampleKey(1))),
      commits.transact(nothing),
    ])
    for (const each of settled) assert.equal(each.status === 'rejected' && each.reason, medium.failure.error)
    assert.deepEqual(contents(catalog), before)
    assert.equal(catalog.userByName('name_1')?.id, 'user-1')
    assert.equal(told, 0)
  })

  it('goes on after a failure that left nothing behind, with the next revision', async () => {
    const { commits, medium } = onMedium()
    medium.failure = failure(false)
    await assert.rejects(commits.transact(() => put(sampleKey(1))))
    medium.failure = undefined
    assert.equal((await commits.transact(() => put(sampleKey(1)))).revision, 1)
  })

  it('refuses everything after a failure that may have left something behind', async () => {
    const { catalog, commits, medium } = onMedium()
    medium.failure = failure(true)
    await assert.rejects(
      commits.transact(() => put(sampleKey(1))),
      medium.failure.error,
    )
    const { error } = medium.failure
    medium.failure = undefined
    await assert.rejects(commits.transact(nothing), error)
    assert.equal(catalog.keyCount(), 0)
  })

  it('refuses those who wait as well as those who come', async () => {
    const { commits, groups } = onMedium()
    const waiting = commits.transact(() => put(sampleKey(1)))
    const end = new HsmError('store-failure', 'the end')
    commits.refuse(end)
    await assert.rejects(waiting, end)
    await assert.rejects(commits.transact(nothing), end)
    assert.deepEqual(groups, [])
  })

  it('takes a transaction that a subscriber begins, after the one it was told of', async () => {
    const { catalog, commits } = onMedium()
    const begun: Promise<unknown>[] = []
    const end = commits.subscribe(() => {
      end()
      begun.push(commits.transact((view) => put(sampleCluster((view.cluster()?.nextReference ?? 0) + 1))))
    })
    await commits.transact(() => put(sampleCluster(1)))
    await Promise.all(begun)
    assert.equal(catalog.cluster()?.nextReference, 2)
  })
})
