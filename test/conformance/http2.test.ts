/** What `test/contract` shows over frames, which clients of the project prefer, holds over HTTP/2 as well. */
import { hsmContract } from '../contract/hsm/suite.ts'
import { overHttps } from '../support/homes.ts'

hsmContract('client over HTTP/2', () => overHttps({ protocols: ['h2'] }), { deliveredInOrder: false })
