/** The program configure-pkcs11. */
import { CONFIGURE_PKCS11 } from '../cli/config/configure-options.ts'
import { runConfigure } from './configure.ts'

runConfigure(CONFIGURE_PKCS11)
