/* The programs, by the names of AWS's samples and of public programs and libraries. */
#ifndef NAMES_H
#define NAMES_H

/* Those of AWS's, which begin logged in, in the order of docs/PKCS11-PROGRAMS.md. */
#define FOR_EACH_SAMPLE(DO) \
    DO(aes_generate) \
    DO(rsa_generate) \
    DO(ec_generate) \
    DO(ed25519_generate) \
    DO(tdes_generate) \
    DO(mldsa_generate) \
    DO(sign) \
    DO(multi_part_sign) \
    DO(eddsa_sign) \
    DO(mldsa_sign) \
    DO(session_keys) \
    DO(login_state) \
    DO(digest) \
    DO(multi_part_digest) \
    DO(aes_ecb) \
    DO(aes_ctr) \
    DO(aes_cbc) \
    DO(aes_gcm) \
    DO(des_ecb) \
    DO(aes_wrapping) \
    DO(aes_no_padding_wrapping) \
    DO(aes_zero_padding_wrapping) \
    DO(aes_gcm_wrapping) \
    DO(rsa_wrapping) \
    DO(wrap_with_template) \
    DO(unwrap_with_template) \
    DO(ecdh) \
    DO(ecdh_with_kdf) \
    DO(hmac_kdf) \
    DO(aes_cmac_kdf) \
    DO(find_objects) \
    DO(attributes_cmd) \
    DO(destroy_cmd) \
    DO(certificate_storage) \
    DO(generate_random) \
    DO(mechanism_info)

/* Those that open their sessions themselves, in the order of the same page. */
#define FOR_EACH_OF_OTHERS(DO) \
    DO(crypto11) \
    DO(fabric) \
    DO(pkcs11key) \
    DO(pykcs11) \
    DO(libp11) \
    DO(vault) \
    DO(easy_encryption) \
    DO(pkcs11_key_wrap) \
    DO(signatory)

#define DECLARE(name) void name(void);
FOR_EACH_SAMPLE(DECLARE)
FOR_EACH_OF_OTHERS(DECLARE)
#undef DECLARE

#endif
