import { allow } from '../../policy/decision.ts'
import { read } from '../pipelines.ts'

const FIPS_STATE = '0 [non-FIPS mode with single factor authentication]'

export const clusterHsmInfo = read<'cluster.hsm-info'>(({ parts: { hsm } }) => {
  const [major = '0', minor = '0', build = '0'] = hsm.version.split('.')
  return allow({
    hsms: [
      {
        vendor: 'Strongroom',
        model: 'Strongroom software HSM',
        'serial-number': hsm.id,
        'hardware-version-major': '0',
        'hardware-version-minor': '0',
        'firmware-version-major': major,
        'firmware-version-minor': minor,
        'firmware-build-number': build,
        'firmware-id': `STRONGROOM-${hsm.version}`,
        'fips-state': FIPS_STATE,
        'hsm-id': hsm.id,
        address: hsm.address(),
        state: 'ACTIVE',
      },
    ],
  })
})
