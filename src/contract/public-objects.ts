/** What an HSM shows to those who are not logged in. */
export const PUBLIC_OBJECTS = ['none', 'certificates'] as const
export type PublicObjects = (typeof PUBLIC_OBJECTS)[number]
