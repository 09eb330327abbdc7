/**
 * The calls of the protocol that are answered: numbers, and what they take and give. `P`, `L` and what is numbered from
 * `FIRST_OWN_CALL` are for our own module only, and are not there for p11-kit.
 */
export const CALLS = {
  C_Initialize: call(1, 'ayyay', ''),
  C_Finalize: call(2, '', ''),
  C_GetInfo: call(3, '', 'vsusv'),
  C_GetSlotList: call(4, 'yfu', 'au'),
  C_GetSlotInfo: call(5, 'u', 'ssuvv'),
  C_GetTokenInfo: call(6, 'u', 'ssssuuuuuuuuuuuvvs'),
  C_GetMechanismList: call(7, 'ufu', 'au'),
  C_GetMechanismInfo: call(8, 'uu', 'uuu'),
  C_OpenSession: call(10, 'uu', 'u'),
  C_CloseSession: call(11, 'u', ''),
  C_CloseAllSessions: call(12, 'u', ''),
  C_GetSessionInfo: call(13, 'u', 'uuuu'),
  C_SetPIN: call(15, 'uayay', ''),
  C_Login: call(18, 'uuay', 'L'),
  C_Logout: call(19, 'u', ''),
  C_CreateObject: call(20, 'uaA', 'u'),
  C_CopyObject: call(21, 'uuaA', 'u'),
  C_DestroyObject: call(22, 'uu', ''),
  C_GetObjectSize: call(23, 'uu', 'u'),
  C_GetAttributeValue: call(24, 'uufA', 'aAu'),
  C_SetAttributeValue: call(25, 'uuaA', ''),
  C_FindObjectsInit: call(26, 'uaA', ''),
  C_FindObjects: call(27, 'ufu', 'au'),
  C_FindObjectsFinal: call(28, 'u', ''),
  C_EncryptInit: call(29, 'uMu', 'P'),
  C_Encrypt: call(30, 'uayfy', 'ay'),
  C_EncryptUpdate: call(31, 'uayfy', 'ay'),
  C_EncryptFinal: call(32, 'ufy', 'ay'),
  C_DecryptInit: call(33, 'uMu', ''),
  C_Decrypt: call(34, 'uayfy', 'ay'),
  C_DecryptUpdate: call(35, 'uayfy', 'ay'),
  C_DecryptFinal: call(36, 'ufy', 'ay'),
  C_DigestInit: call(37, 'uM', ''),
  C_Digest: call(38, 'uayfy', 'ay'),
  C_DigestUpdate: call(39, 'uay', ''),
  C_DigestKey: call(40, 'uu', ''),
  C_DigestFinal: call(41, 'ufy', 'ay'),
  C_SignInit: call(42, 'uMu', ''),
  C_Sign: call(43, 'uayfy', 'ay'),
  C_SignUpdate: call(44, 'uay', ''),
  C_SignFinal: call(45, 'ufy', 'ay'),
  C_VerifyInit: call(48, 'uMu', ''),
  C_Verify: call(49, 'uayay', ''),
  C_VerifyUpdate: call(50, 'uay', ''),
  C_VerifyFinal: call(51, 'uay', ''),
  C_GenerateKey: call(58, 'uMaA', 'u'),
  C_GenerateKeyPair: call(59, 'uMaAaA', 'uu'),
  C_WrapKey: call(60, 'uMuufy', 'ayP'),
  C_UnwrapKey: call(61, 'uMuayaA', 'u'),
  C_DeriveKey: call(62, 'uMuaA', 'u'),
  C_SeedRandom: call(63, 'uay', ''),
  C_GenerateRandom: call(64, 'ufy', 'ay'),
  C_WaitForSlotEvent: call(65, 'u', 'u'),
  C_LoginUser: call(66, 'uuayay', 'L'),
  C_SessionCancel: call(67, 'uu', ''),
  /** In place of C_Initialize: goes on where a connection broke. */
  Resume: call(128, 'uauauay', 'u'),
  // p11-kit has numbers of its own for these, and carries no parameter of a message.
  C_MessageEncryptInit: call(129, 'uMu', ''),
  C_EncryptMessage: call(130, 'uayuuuayayfy', 'ayP'),
  C_MessageEncryptFinal: call(131, 'u', ''),
  C_MessageDecryptInit: call(132, 'uMu', ''),
  C_DecryptMessage: call(133, 'uayayayayfy', 'ay'),
  C_MessageDecryptFinal: call(134, 'u', ''),
  C_MessageSignInit: call(135, 'uMu', ''),
  C_SignMessage: call(136, 'uayfy', 'ay'),
  C_MessageSignFinal: call(137, 'u', ''),
  C_MessageVerifyInit: call(138, 'uMu', ''),
  C_VerifyMessage: call(139, 'uayay', ''),
  C_MessageVerifyFinal: call(140, 'u', ''),
} as const

export type CallName = keyof typeof CALLS

/** The last number that p11-kit's protocol has, answered or not. */
export const LAST_CALL = 89
/** The first number of those that p11-kit does not have. */
export const FIRST_OWN_CALL = 128

function call<I extends number, Q extends string, R extends string>(id: I, request: Q, response: R) {
  return { id, request, response }
}
