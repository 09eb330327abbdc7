import type { HsmFacts } from '../../cluster/cluster.ts'
import type { Mode } from '../../contract/profiles.ts'
import { allow } from '../../policy/decision.ts'
import { clusterOf } from '../cluster-state.ts'
import { read } from '../pipelines.ts'

const FIPS_STATES: Readonly<Record<Mode, string>> = {
  fips: '2 [FIPS mode with single factor authentication]',
  'non-fips': '0 [non-FIPS mode with single factor authentication]',
}

export const clusterHsmInfo = read<'cluster.hsm-info'>(({ parts: { cluster }, view }) => {
  const { mode } = clusterOf(view)
  return allow({ hsms: cluster.hsms().map((hsm) => shown(hsm, mode)) })
})

function shown({ id, address, version }: HsmFacts, mode: Mode) {
  const [major = '0', minor = '0', build = '0'] = version.split('.')
  return {
    vendor: 'Strongroom',
    model: 'Strongroom software HSM',
    'serial-number': id,
    'hardware-version-major': '0',
    'hardware-version-minor': '0',
    'firmware-version-major': major,
    'firmware-version-minor': minor,
    'firmware-build-number': build,
    'firmware-id': `STRONGROOM-${version}`,
    'fips-state': FIPS_STATES[mode],
    'hsm-id': id,
    address,
    state: 'ACTIVE',
  }
}
