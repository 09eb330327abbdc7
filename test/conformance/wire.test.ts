/** What `test/contract` shows in process holds for a client as well, over frames and over HTTP/2. */
import { hsmContract } from '../contract/hsm/suite.ts'
import { overHttps } from '../support/homes.ts'

hsmContract('client over frames', overHttps, { deliveredInOrder: false })

hsmContract('client over HTTP/2', () => overHttps({ protocols: ['h2'] }), { deliveredInOrder: false })
