import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'

export const OLDEST_TLS = 'TLSv1.2'

/**
 * Trusts the authorities of a PEM file, beside those that Node.js brings along.
 *
 * @throws with what is wrong with it, as what follows the variable's name
 */
export function trustInFile(file: string): SecureContext {
  const text = readText(file)
  const certificates = text.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? []
  if (certificates.length === 0 || !certificates.every(isCertificate)) {
    throw new Error(`must name a file of certificates in PEM form, which ${file} is not`)
  }
  return createSecureContext({ minVersion: OLDEST_TLS, ca: [...rootCertificates, ...certificates] })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new Error(`must name a file that can be read, which ${file} cannot (${code})`, { cause: error })
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined
  } catch {
    return false
  }
}
