/** What is visible before login. */
export const PUBLIC_OBJECTS = ['none', 'certificates'] as const
export type PublicObjects = (typeof PUBLIC_OBJECTS)[number]
