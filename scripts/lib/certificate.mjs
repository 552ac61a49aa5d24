/** A certificate made on the spot, for a class on one network: browsers give WebGPU and storage to https and to their own machine alone. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';

const day = 86_400_000;
/** Of a certificate: a month of lessons. Safari takes none of more than 398 days. */
const days = 30;

/**
 * Key and certificate for these names and addresses, signed by itself: browsers ask once whether to trust it. `fingerprint` is what they show
 * of it (SHA-256).
 * @param {readonly string[]} names
 * @returns {Promise<{key: string, cert: string, fingerprint: string}>}
 */
export async function makeCertificate(names, now = Date.now()) {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Arklet' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // Clocks of other machines may be behind.
    notBeforeDate: new Date(now - day),
    notAfterDate: new Date(now + days * day),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) > 0 ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  return { key, cert, fingerprint: new X509Certificate(cert).fingerprint256 };
}
