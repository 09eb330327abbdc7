/** `key generate-file`: a public key, or a file that names a private key, in a PEM file. */
import { HsmError } from '../../../contract/errors.ts'
import { action } from '../../spec.ts'
import { saveOutput } from '../files.ts'
import { oneKey } from '../options.ts'

export const GENERATE_FILE = action({
  name: 'generate-file',
  about: 'Write a public key, or a reference to a private key, of the HSM cluster to a file',
  options: {
    encoding: {
      value: 'ENCODING',
      required: true,
      help: 'The encoding of the key file',
      choices: {
        'reference-pem': 'PEM file that names an RSA or EC private key and does not hold it',
        pem: 'PEM file of a public key (SubjectPublicKeyInfo)',
        'cloudhsm-reference-pem': 'PEM file that names an Ed25519 or ML-DSA private key and does not hold it',
        'ksp-key-reference': 'Key reference of the key storage provider, on Windows only',
      },
    },
    path: {
      value: 'PATH',
      required: true,
      writes: true,
      help: 'The file to write, - for standard output; the content of one that exists is replaced',
    },
    filter: oneKey('the key file'),
    all: { help: 'Generate the key files of all key pairs; with the encoding ksp-key-reference only' },
  },
  async run({ encoding, path, filter, all }, context) {
    if (encoding === 'ksp-key-reference') {
      throw new HsmError('invalid-request', 'The encoding ksp-key-reference is for Windows only')
    }
    if (all) {
      throw new HsmError('invalid-request', '--all is for the encoding ksp-key-reference only')
    }
    const { pem } =
      encoding === 'pem'
        ? await context.call('key.export-public', { filter })
        : await context.call('key.export-reference', { filter, encoding })
    await saveOutput({ option: '--path', path, audience: 'public' }, pem, context)
    return { message: 'Successfully generated key file' }
  },
})
