/** Where the client configuration is, and where the files it does not name are. */
import { dirname, isAbsolute, join } from 'node:path'
import { HsmError } from '../contract/errors.ts'
import { checkWhole } from '../contract/text.ts'

const VENDOR_CONFIG = '/opt/cloudhsm/etc/cloudhsm-cli.cfg'

export type ConfigSources = {
  /** The value of `--config`. */
  readonly option?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly homeDirectory: string
  readonly exists: (path: string) => boolean
}

export type ConfigLocation = {
  readonly path: string
  readonly exists: boolean
  /** Who named the path; undefined when it is one of the two places that are looked at unasked. */
  readonly namedBy: '--config' | 'CLOUDHSM_CLI_CONFIG' | undefined
}

/**
 * An empty variable counts as unset. When there is no file at all, the path is where the first one belongs.
 * @throws HsmError `invalid-request` when a variable is not UTF-8 text
 */
export function locateConfig({ option, env, homeDirectory, exists }: ConfigSources): ConfigLocation {
  if (option !== undefined) return { path: option, exists: exists(option), namedBy: '--config' }
  const named = env['CLOUDHSM_CLI_CONFIG']
  if (named)
    return {
      path: checkWhole('CLOUDHSM_CLI_CONFIG', named),
      exists: exists(named),
      namedBy: 'CLOUDHSM_CLI_CONFIG',
    }
  const ours = homeConfig(defaultHome(env, homeDirectory))
  const found = [ours, VENDOR_CONFIG].find(exists)
  return { path: found ?? ours, exists: found !== undefined, namedBy: undefined }
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
export function homeConfig(home: string): string {
  return join(home, 'etc', 'cloudhsm-cli.cfg')
}

/** `invalid-request`, with the places that were looked at and what helps. */
export function missingConfig({ path, namedBy }: ConfigLocation): HsmError {
  const problem =
    namedBy === undefined
      ? `There is no client configuration: neither ${path} nor ${VENDOR_CONFIG} exists`
      : `There is no client configuration at ${path}, the path given by ${namedBy}`
  return new HsmError(
    'invalid-request',
    `${problem}; start an HSM here with: strongroom start, or name one with: configure-cli -a ADDRESS`,
  )
}

/** The vendor's layout, `etc/customerCA.crt` and `run/cloudhsm-cli.log`, seen from `etc/cloudhsm-cli.cfg`. */
export function defaultCaFile(config: string): string {
  return join(dirname(config), 'customerCA.crt')
}

/** `run/cloudhsm-cli.log` beside the directory of the configuration. */
export function defaultLogFile(config: string): string {
  return join(dirname(config), '..', 'run', 'cloudhsm-cli.log')
}

/** A path of the configuration: relative ones are relative to its directory. */
export function besideConfig(config: string, file: string): string {
  return isAbsolute(file) ? file : join(dirname(config), file)
}
