/** The library that makes certificates, loaded when one has to be made, which is seldom. */

/** Its dependency injection needs the polyfill first. */
export async function x509Library() {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}
