/** Everything that can be done with a key, each with the rules that decide on it, in the order in which they are asked. */
import { type AttributeValue, FLAG_NAMES } from '../../contract/attributes.ts'
import type { OperationName } from '../../contract/operations.ts'
import type { KeyRecord } from '../../model/records.ts'
import { maySetAttributes } from '../attribute-rules.ts'
import type { Decision } from '../decision.ts'
import type { KeyFacts } from '../facts.ts'
import { mayCopyKey } from '../key-copy.ts'
import { mayDeleteKey } from '../key-deletion.ts'
import { mayDerive } from '../key-derivation.ts'
import { mayDecrypt, mayEncrypt } from '../key-encryption.ts'
import { mayExportPublic, mayExportValue } from '../key-export.ts'
import { mayShareKey, mayUnshareKey } from '../key-sharing.ts'
import { maySign, mayVerify } from '../key-signing.ts'
import { mayUnwrap, mayWrap } from '../key-wrapping.ts'
import { mayExportKey } from '../replication/source.ts'
import { CIPHER_FORMS, DERIVATION_FORMS, SIGNING_FORMS, WRAPPING_FORMS } from './mechanisms.ts'

const CRYPTO_USER = { role: 'crypto-user' } as const

/** Who does it, with which key, and how things are. */
export type Case = Omit<KeyFacts, 'users'> & {
  /** Whether every HSM has the key as this one does. */
  readonly synchronized: boolean
}

/** One way of doing it, and what is decided about it. */
export type Way = {
  readonly mechanism?: string
  readonly attribute?: string
  readonly decision: Decision<unknown>
}

/** `asks`: the operation that does it. */
type Rule = { readonly asks: OperationName; readonly ways: (of: Case) => readonly Way[] }

export const RULES = {
  sign: {
    asks: 'crypto.sign',
    ways: (of) => SIGNING_FORMS.map((mechanism) => way(mechanism, maySign(of, { mechanism }))),
  },
  verify: {
    asks: 'crypto.verify',
    ways: (of) => SIGNING_FORMS.map((mechanism) => way(mechanism, mayVerify(of, { mechanism }))),
  },
  encrypt: {
    asks: 'crypto.encrypt',
    ways: (of) => CIPHER_FORMS.map((cipher) => way(cipher, mayEncrypt(of, { cipher }))),
  },
  decrypt: {
    asks: 'crypto.decrypt',
    ways: (of) => CIPHER_FORMS.map((cipher) => way(cipher, mayDecrypt(of, { cipher }))),
  },
  wrap: { asks: 'key.wrap', ways: waysToWrap },
  unwrap: {
    asks: 'key.unwrap',
    ways: (of) => WRAPPING_FORMS.map((mechanism) => way(mechanism, mayUnwrap(of, { mechanism }))),
  },
  derive: {
    asks: 'key.derive',
    ways: (of) => DERIVATION_FORMS.map((mechanism) => way(mechanism, mayDerive(of, { mechanism }))),
  },
  export: { asks: 'key.wrap', ways: waysToLeave },
  'show-value': { asks: 'key.export-value', ways: (of) => [{ decision: mayExportValue(of) }] },
  'read-public': { asks: 'key.export-public', ways: (of) => [{ decision: mayExportPublic(of) }] },
  copy: {
    asks: 'key.copy',
    ways: (of) => [{ decision: mayCopyKey(of, { attributes: {}, session: false }) }],
  },
  replicate: { asks: 'key.export-replica', ways: waysToReplicate },
  share: { asks: 'key.share', ways: (of) => [{ decision: mayShareKey({ ...of, users: [] }, CRYPTO_USER) }] },
  unshare: {
    asks: 'key.unshare',
    ways: (of) => [{ decision: mayUnshareKey({ ...of, users: [] }, CRYPTO_USER) }],
  },
  delete: { asks: 'key.delete', ways: (of) => [{ decision: mayDeleteKey(of) }] },
  'set-attribute': { asks: 'key.set-attribute', ways: waysToChange },
} as const satisfies Record<string, Rule>

export type KeyOperation = keyof typeof RULES

const way = ({ name }: { readonly name: string }, decision: Decision<unknown>): Way => ({
  mechanism: name,
  decision,
})

/**
 * What is wrapped is the best there could be, so that only that matters which the wrapping key is not good enough for: whether
 * the other one is protected.
 */
function waysToWrap(of: Case): readonly Way[] {
  const { actor, key: wrapping } = of
  return [false, true].flatMap((sensitive) => {
    const wanted = { token: false, extractable: true, sensitive, 'wrap-with-trusted': false }
    const flags = { ...wrapping.flags, ...wanted }
    const payload: KeyRecord = { ...wrapping, ...SECRET, owner: actor.id, flags }
    return WRAPPING_FORMS.map((mechanism) =>
      way(mechanism, mayWrap({ ...of, wrapping: untemplated(wrapping), payload }, { mechanism })),
    )
  })
}

/** Under the best wrapping key there could be, and under one that nobody trusts. */
function waysToLeave(of: Case): readonly Way[] {
  return [true, false].map((trusted) => {
    const pair = { wrapping: wrappingKey(of, trusted), payload: of.key }
    return { decision: mayWrap({ ...of, ...pair }, { mechanism: { name: 'aes-zero-pad' } }) }
  })
}

const SECRET = { keyClass: 'secret-key', keyType: 'aes' } as const

/** What a template asks of other keys is their matter. */
const untemplated = (key: KeyRecord): KeyRecord => ({ ...key, wrapTemplate: undefined })

/** One that was made for it under every policy there is. */
function wrappingKey({ actor, key }: Case, trusted: boolean): KeyRecord {
  const none = { encrypt: false, decrypt: false, sign: false, verify: false, derive: false, unwrap: false }
  const kept = { local: true, sensitive: true, 'always-sensitive': true, extractable: false, token: false }
  const flags = { ...key.flags, ...none, ...kept, 'never-extractable': true, wrap: true, trusted }
  return untemplated({ ...key, ...SECRET, owner: actor.id, flags, madeUnderPolicy: true })
}

/** To a clone that has the policy trusted-wrapping, and to one that does not. */
function waysToReplicate({ actor, key, cluster, synchronized }: Case): readonly Way[] {
  return [true, false].map((trustedWrapping) => {
    const destination = { clusterId: '', trustedWrapping }
    return { decision: mayExportKey(actor, key, { here: cluster, destination, synchronized }) }
  })
}

/** Each attribute with a value that it does not have. */
function waysToChange(of: Case): readonly Way[] {
  const { key } = of
  const others: readonly (readonly [string, AttributeValue])[] = [
    ['label', key.label === '' ? '-' : ''],
    ['id', key.idAttribute === '0x' ? '0x00' : '0x'],
    ['wrap-template', { ...key.wrapTemplate, sensitive: !key.wrapTemplate?.sensitive }],
    ['unwrap-template', { ...key.unwrapTemplate, sensitive: !key.unwrapTemplate?.sensitive }],
  ]
  const flags = FLAG_NAMES.map((name) => [name, !key.flags[name]] as const)
  return [...flags, ...others].map(([attribute, value]) => ({
    attribute,
    decision: maySetAttributes(of, { attributes: { [attribute]: value } }),
  }))
}
