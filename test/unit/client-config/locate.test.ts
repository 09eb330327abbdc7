import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { locateConfig, missingConfig } from '../../../src/client-config/locate.ts'

const VENDOR = '/opt/cloudhsm/etc/cloudhsm-cli.cfg'
const OURS = '/home/ana/.strongroom/etc/cloudhsm-cli.cfg'

const locate = (
  given: { readonly option?: string; readonly env?: Record<string, string> },
  ...files: readonly string[]
) =>
  locateConfig({
    option: given.option,
    env: given.env ?? {},
    homeDirectory: '/home/ana',
    exists: (path) => files.includes(path),
  })

suite('where the configuration is looked for', () => {
  test('--config goes before the environment, also when the file does not exist', () => {
    const env = { CLOUDHSM_CLI_CONFIG: '/env.cfg', STRONGROOM_HOME: '/srv' }
    const found = locate({ option: 'my.cfg', env }, '/env.cfg', OURS, VENDOR)
    assert.deepEqual(found, { path: 'my.cfg', exists: false, namedBy: '--config' })
  })

  test('then $CLOUDHSM_CLI_CONFIG, also when the file does not exist', () => {
    const found = locate({ env: { CLOUDHSM_CLI_CONFIG: '/env.cfg', STRONGROOM_HOME: '/srv' } }, OURS, VENDOR)
    assert.deepEqual(found, { path: '/env.cfg', exists: false, namedBy: 'CLOUDHSM_CLI_CONFIG' })
  })

  test("then Strongroom's home, by default ~/.strongroom", () => {
    assert.equal(locate({}, OURS, VENDOR).path, OURS)
    const moved = '/srv/etc/cloudhsm-cli.cfg'
    assert.equal(locate({ env: { STRONGROOM_HOME: '/srv' } }, moved, OURS, VENDOR).path, moved)
  })

  test("then the vendor's place", () => {
    assert.deepEqual(locate({}, VENDOR), { path: VENDOR, exists: true, namedBy: undefined })
  })

  test("without any file the first one belongs into Strongroom's home", () => {
    assert.deepEqual(locate({}), { path: OURS, exists: false, namedBy: undefined })
  })

  test('an empty variable counts as unset', () => {
    assert.equal(locate({ env: { CLOUDHSM_CLI_CONFIG: '', STRONGROOM_HOME: '' } }).path, OURS)
  })

  test('the message about no file says what to do', () => {
    assert.equal(
      missingConfig(locate({})).message,
      `There is no client configuration: neither ${OURS} nor ${VENDOR} exists; ` +
        'start an HSM here with: strongroom start, or name one with: configure-cli -a ADDRESS',
    )
    assert.match(
      missingConfig(locate({ option: '/x.cfg' })).message,
      /^There is no client configuration at \/x\.cfg, the path given by --config; /,
    )
  })
})
