import type { FlagName } from '../contract/attributes.ts'
import { CIPHER_KEY_TYPE, type Cipher } from '../contract/mechanisms.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Circumstances } from './circumstances.ts'
import { type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { mechanismFits } from './hsm-profile/mechanisms.ts'
import { keyAvailable } from './key-availability.ts'
import { holds } from './key-visibility.ts'

type Using = About<'actor' | 'key' | 'circumstances'>
type Ciphering = { readonly cipher: Cipher }

/**
 * The owner and the users it is shared with encrypt with a secret key, and every crypto user with any public key, whose
 * `encrypt` is set.
 */
export function mayEncrypt({ actor, key, circumstances }: Using, { cipher }: Ciphering): Decision<void> {
  if (key.keyClass === 'private-key') {
    return deny(
      'key-type',
      'To encrypt with a key it must be a secret-key or a public-key, not a private-key',
    )
  }
  const may = key.keyClass === 'public-key' ? actor.role === 'crypto-user' : holds(actor, key)
  return may ? fits('encrypt', key, cipher, circumstances) : deny('not-permitted')
}

/** The owner and the users it is shared with decrypt with a secret or private key whose `decrypt` is set. */
export function mayDecrypt({ actor, key, circumstances }: Using, { cipher }: Ciphering): Decision<void> {
  if (key.keyClass === 'public-key') {
    return deny(
      'key-type',
      'To decrypt with a key it must be a secret-key or a private-key, not a public-key',
    )
  }
  return holds(actor, key) ? fits('decrypt', key, cipher, circumstances) : deny('not-permitted')
}

function fits(
  flag: Extract<FlagName, 'encrypt' | 'decrypt'>,
  key: KeyRecord,
  cipher: Cipher,
  circumstances: Circumstances,
): Decision<void> {
  if (!key.flags[flag]) return deny('key-function', `The key cannot ${flag}: its attribute ${flag} is false`)
  if (CIPHER_KEY_TYPE[cipher.name] !== key.keyType) {
    return deny('key-type', `The mechanism ${cipher.name} does not work with a key of type ${key.keyType}`)
  }
  const mode = mechanismFits(circumstances.profile, flag, cipher.name)
  return mode.allow ? keyAvailable(circumstances, key.flags.token) : mode
}
