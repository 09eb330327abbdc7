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
    assert.deepEqual(found, { component: 'cli', path: 'my.cfg', exists: false, namedBy: '--config' })
  })

  test('then $CLOUDHSM_CLI_CONFIG, also when the file does not exist', () => {
    const found = locate({ env: { CLOUDHSM_CLI_CONFIG: '/env.cfg', STRONGROOM_HOME: '/srv' } }, OURS, VENDOR)
    assert.deepEqual(found, {
      component: 'cli',
      path: '/env.cfg',
      exists: false,
      namedBy: 'CLOUDHSM_CLI_CONFIG',
    })
  })

  test("then Strongroom's home, by default ~/.strongroom", () => {
    assert.equal(locate({}, OURS, VENDOR).path, OURS)
    const moved = '/srv/etc/cloudhsm-cli.cfg'
    assert.equal(locate({ env: { STRONGROOM_HOME: '/srv' } }, moved, OURS, VENDOR).path, moved)
  })

  test("then the vendor's place", () => {
    assert.deepEqual(locate({}, VENDOR), { component: 'cli', path: VENDOR, exists: true, namedBy: undefined })
  })

  test("without any file the first one belongs into Strongroom's home", () => {
    assert.deepEqual(locate({}), { component: 'cli', path: OURS, exists: false, namedBy: undefined })
  })

  test('an empty variable counts as unset', () => {
    assert.equal(locate({ env: { CLOUDHSM_CLI_CONFIG: '', STRONGROOM_HOME: '' } }).path, OURS)
  })

  test('the PKCS#11 module has files and a variable of its own', () => {
    const ours = '/home/ana/.strongroom/etc/cloudhsm-pkcs11.cfg'
    const vendor = '/opt/cloudhsm/etc/cloudhsm-pkcs11.cfg'
    const locatePkcs11 = (env: Record<string, string>, ...files: readonly string[]) =>
      locateConfig({
        component: 'pkcs11',
        env: { CLOUDHSM_CLI_CONFIG: '/cli.cfg', ...env },
        homeDirectory: '/home/ana',
        exists: (path) => files.includes(path),
      })
    assert.equal(locatePkcs11({}, OURS, VENDOR).path, ours)
    assert.equal(locatePkcs11({}, vendor, VENDOR).path, vendor)
    assert.deepEqual(locatePkcs11({ CLOUDHSM_PKCS11_CONFIG: '/env.cfg' }, ours), {
      component: 'pkcs11',
      path: '/env.cfg',
      exists: false,
      namedBy: 'CLOUDHSM_PKCS11_CONFIG',
    })
    assert.equal(
      missingConfig(locatePkcs11({})).message,
      `There is no client configuration: neither ${ours} nor ${vendor} exists; ` +
        'name one with: configure-pkcs11 -a ADDRESS',
    )
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
