/** An `openssl.cnf` with which OpenSSL 3 uses keys of the HSM, through pkcs11-provider 1.0 or later. */

/**
 * OpenSSL finds the provider by its name, `pkcs11`, in its own directory of modules. Keys are not cached: that would make
 * copies of one's own keys, which a deletion of the key does not take away.
 *
 * @param module path of the PKCS#11 module
 * @param pinFile path of a file with the PIN; left out, it is in the URIs of the keys
 */
export function openSslConfiguration(module: string, pinFile: string | undefined): string {
  return `# For OpenSSL 3 with pkcs11-provider 1.0 or later: OPENSSL_CONF=THIS-FILE
openssl_conf = openssl_init

[openssl_init]
providers = providers

[providers]
default = default_provider
pkcs11 = pkcs11_provider

[default_provider]
activate = 1

[pkcs11_provider]
activate = 1
pkcs11-module-path = ${quoted(module)}
${pinFile === undefined ? '# pkcs11-module-token-pin = file:/PATH/OF/THE/PIN' : `pkcs11-module-token-pin = ${quoted(`file:${pinFile.replaceAll('%', '%25')}`)}`}
pkcs11-module-cache-keys = false`
}

/** As a value of such a file (config(5)). Within quotes nothing has a meaning but the quote, the backslash and the end of the line. */
const quoted = (value: string): string =>
  value
    .split('\n')
    .map((line) => `"${line.replaceAll(/["\\]/g, '\\$&')}"`)
    .join('\\n')
