/** Settings that are fixed when a cluster is founded: a later start may repeat them, and change none. */
import { HsmError } from '../contract/errors.ts'
import type { Profile } from '../policy/hsm-profile/profile.ts'
import type { Store } from '../store/store.ts'

type Wanted = {
  readonly clusterId: string
  readonly fence: boolean
  readonly profile: Partial<Profile>
}

/** @throws HsmError `invalid-request` naming the option that the cluster was not founded with */
export function checkFounding(
  { catalog }: Pick<Store, 'catalog'>,
  { clusterId, fence, profile }: Wanted,
): void {
  const founded = catalog.cluster()
  if (!founded) return
  const stays = (how: string) =>
    new HsmError('invalid-request', `Cluster ${clusterId} was founded ${how}, and stays so`)
  if (fence && !founded.keyUseFence) throw stays('without --key-use-fence')
  const { mode = founded.mode, hsmType = founded.hsmType } = profile
  if (mode !== founded.mode) throw stays(`with --mode ${founded.mode}`)
  if (hsmType !== founded.hsmType) throw stays(`with --hsm-type ${founded.hsmType}`)
}
