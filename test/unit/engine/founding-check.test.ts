/** The mode and the type of an HSM are settled by the start that founds it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StartOptions } from '../../../src/administration/start-plan.ts'
import { makeHome } from '../../../src/home/home.ts'
import { openEngine } from '../../../src/main/open-engine.ts'
import { temporaryHome } from '../../support/homes.ts'

test('a later start says the same of the HSM, or nothing', async (t) => {
  const { home, remove } = temporaryHome()
  t.after(remove)
  makeHome(home)
  async function start(profile?: StartOptions['profile']) {
    const opened = await openEngine({ home, profile, address: () => '127.0.0.1', log: () => undefined })
    const { mode, 'hsm-type': type } = await opened.engine.call('cluster.status', {})
    await opened.close()
    return `${opened.clusterId} ${mode} ${type}`
  }
  const founded = await start({ mode: 'fips' })
  assert.match(founded, / fips hsm2m\.medium$/)
  const [clusterId] = founded.split(' ')
  for (const same of [undefined, {}, { mode: 'fips' }, { hsmType: 'hsm2m.medium' }] as const) {
    assert.equal(await start(same), founded)
  }
  const stays = (how: string) => ({
    code: 'invalid-request',
    message: `Cluster ${clusterId} was founded with ${how}, and stays so`,
  })
  await assert.rejects(start({ mode: 'non-fips' }), stays('--mode fips'))
  await assert.rejects(start({ hsmType: 'unlimited' }), stays('--hsm-type hsm2m.medium'))
  await assert.rejects(start({ hsmType: 'hsm1.medium' }), stays('--hsm-type hsm2m.medium'))
  assert.equal(await start(), founded)
})
