import { after, suite } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { attacksContract } from './attacks.ts'
import { auditContract } from './audit.ts'
import { badInputContract } from './bad-input.ts'
import { derivationContract } from './derivation.ts'
import { encryptionContract } from './encryption.ts'
import { generationContract } from './generation.ts'
import { guaranteeContract } from './guarantee.ts'
import { keyDescriptionContract } from './key-description.ts'
import { keySelectionContract } from './key-selection.ts'
import { keysContract } from './keys.ts'
import { resumptionContract } from './resumption.ts'
import { severalKeysContract } from './several-keys.ts'
import { signatureMechanismsContract } from './signature-mechanisms.ts'
import { signingContract } from './signing.ts'
import { streamRightsContract } from './stream-rights.ts'
import { streamsContract } from './streams.ts'
import { textContract } from './text.ts'
import { usersContract } from './users.ts'
import { wrappingContract } from './wrapping.ts'
import { wrappingRefusalsContract } from './wrapping-refusals.ts'

export type Opened = { readonly hsm: Hsm; close(): Promise<void> }

/**
 * What any HSM must do, whichever implementation of the interface it is and whichever store it stands on.
 *
 * @param open gives a founded HSM that is not activated yet
 * @param deliveredInOrder see `violations`
 */
export function hsmContract(
  name: string,
  open: () => Promise<Opened>,
  { deliveredInOrder }: { deliveredInOrder: boolean },
): void {
  suite(name, () => {
    const opened: Opened[] = []
    after(async () => {
      for (const { close } of opened) await close()
    })
    const fresh = async (): Promise<Hsm> => {
      const one = await open()
      opened.push(one)
      return one.hsm
    }
    usersContract(fresh)
    resumptionContract(fresh)
    keysContract(fresh)
    keySelectionContract(fresh)
    keyDescriptionContract(fresh)
    severalKeysContract(fresh)
    generationContract(fresh)
    signingContract(fresh)
    signatureMechanismsContract(fresh)
    encryptionContract(fresh)
    streamsContract(fresh)
    textContract(fresh)
    streamRightsContract(fresh)
    wrappingContract(fresh)
    wrappingRefusalsContract(fresh)
    derivationContract(fresh)
    attacksContract(fresh)
    auditContract(fresh)
    badInputContract(fresh)
    guaranteeContract(fresh, deliveredInOrder)
  })
}
