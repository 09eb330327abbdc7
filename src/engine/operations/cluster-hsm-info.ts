import type { HsmFacts } from '../../cluster/cluster.ts'
import { allow } from '../../policy/decision.ts'
import { read } from '../pipelines.ts'

const FIPS_STATE = '0 [non-FIPS mode with single factor authentication]'

export const clusterHsmInfo = read<'cluster.hsm-info'>(({ parts: { cluster } }) =>
  allow({ hsms: cluster.hsms().map(shown) }),
)

function shown({ id, address, version }: HsmFacts) {
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
    'fips-state': FIPS_STATE,
    'hsm-id': id,
    address,
    state: 'ACTIVE',
  }
}
