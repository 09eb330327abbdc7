/** Where the client configuration is, and where the files it does not name are. */
import { dirname, isAbsolute, join } from 'node:path'
import { HsmError } from '../contract/errors.ts'
import { checkWhole } from '../contract/text.ts'

const VENDOR_DIRECTORY = '/opt/cloudhsm/etc'

/** Whose configuration it is: of `cloudhsm-cli`, or of the PKCS#11 module in programs. Each has a file of its own. */
export type Component = 'cli' | 'pkcs11'

export type ConfigSources = {
  /** Left out, the CLI. */
  readonly component?: Component
  /** The value of `--config`. */
  readonly option?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly homeDirectory: string
  readonly exists: (path: string) => boolean
}

export type ConfigLocation = {
  readonly component: Component
  readonly path: string
  readonly exists: boolean
  /** Who named the path; undefined when it is one of the two places that are looked at unasked. */
  readonly namedBy: '--config' | (typeof VARIABLES)[Component] | undefined
}

const VARIABLES = { cli: 'CLOUDHSM_CLI_CONFIG', pkcs11: 'CLOUDHSM_PKCS11_CONFIG' } as const

/**
 * An empty variable counts as unset. When there is no file at all, the path is where the first one belongs.
 * @throws HsmError `invalid-request` when a variable is not UTF-8 text
 */
export function locateConfig({
  component = 'cli',
  option,
  env,
  homeDirectory,
  exists,
}: ConfigSources): ConfigLocation {
  if (option !== undefined) return { component, path: option, exists: exists(option), namedBy: '--config' }
  const variable = VARIABLES[component]
  const named = env[variable]
  if (named) return { component, path: checkWhole(variable, named), exists: exists(named), namedBy: variable }
  const ours = homeConfig(defaultHome(env, homeDirectory), component)
  const found = [ours, vendorConfig(component)].find(exists)
  return { component, path: found ?? ours, exists: found !== undefined, namedBy: undefined }
}

/**
 * Strongroom's own directory. An empty variable counts as unset.
 *
 * @param userDirectory the home directory of the user, for which `HOME` goes before the user database
 * @throws HsmError `invalid-request` when that is none: keys must not end up in whatever directory this is started from;
 *   or when a variable is not UTF-8 text
 */
export function defaultHome(
  env: Readonly<Record<string, string | undefined>>,
  userDirectory: string,
): string {
  const named = checkWhole('STRONGROOM_HOME', env['STRONGROOM_HOME'] ?? '')
  if (named !== '') return named
  if (isAbsolute(userDirectory)) return join(checkWhole('HOME', userDirectory), '.strongroom')
  const what = userDirectory === '' ? 'empty' : 'not an absolute path'
  throw new HsmError(
    'invalid-request',
    `HOME is ${what}, so there is no home directory; set it, or name Strongroom's own directory with STRONGROOM_HOME`,
  )
}

/** @param home Strongroom's own directory (`$STRONGROOM_HOME`) */
export function homeConfig(home: string, component: Component = 'cli'): string {
  return join(home, 'etc', fileName(component))
}

const vendorConfig = (component: Component): string => join(VENDOR_DIRECTORY, fileName(component))

const fileName = (component: Component): string => `cloudhsm-${component}.cfg`

/** `invalid-request`, with the places that were looked at and what helps. */
export function missingConfig({ component, path, namedBy }: ConfigLocation): HsmError {
  const problem =
    namedBy === undefined
      ? `There is no client configuration: neither ${path} nor ${vendorConfig(component)} exists`
      : `There is no client configuration at ${path}, the path given by ${namedBy}`
  // A start of the HSM writes that of the CLI.
  const start = component === 'cli' ? 'start an HSM here with: strongroom start, or ' : ''
  return new HsmError(
    'invalid-request',
    `${problem}; ${start}name one with: configure-${component} -a ADDRESS`,
  )
}

/** The vendor's layout, `etc/customerCA.crt` and `run/cloudhsm-cli.log`, seen from `etc/cloudhsm-cli.cfg`. */
export function defaultCaFile(config: string): string {
  return join(dirname(config), 'customerCA.crt')
}

/** `run/cloudhsm-cli.log`, or of another component, beside the directory of the configuration. */
export function defaultLogFile(config: string, component: Component = 'cli'): string {
  return join(dirname(config), '..', 'run', `cloudhsm-${component}.log`)
}

/** A path of the configuration: relative ones are relative to its directory. */
export function besideConfig(config: string, file: string): string {
  return isAbsolute(file) ? file : join(dirname(config), file)
}
