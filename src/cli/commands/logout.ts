import { action } from '../spec.ts'

export const logout = action({
  options: {},
  async run(_args, { logout }) {
    await logout()
    return 'Logout successful'
  },
})
