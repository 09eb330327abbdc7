/**
 * Whose frames a client speaks. Its first byte says so: p11-kit counts its versions up from 0, our own module
 * (`native/pkcs11`) counts from 0x80. The frames of both are the same but for what is said here.
 *
 * In our own dialect every mechanism has a flag and, when that is 1, its parameter as a byte array, so that one that is
 * not known can be passed over; and what a mechanism gives back to its caller comes with the response (`P`).
 */

const OWN = 0x80
/** The newest version of our own dialect. */
export const NEWEST_OWN = OWN

/** @param offered version that the client offered */
export const isOwn = (offered: number): boolean => offered >= OWN

/**
 * The version to answer an offer with. p11-kit's version 1 gives a correct C_InitToken; version 2 would add nothing but
 * C_DeriveKey2, whose results are those of C_DeriveKey.
 */
export const answeredVersion = (offered: number): number => Math.min(offered, isOwn(offered) ? NEWEST_OWN : 1)
