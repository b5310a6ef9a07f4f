/** A throw-away certificate authority, so that every connection of a test is verified TLS, as in a real cluster. */
import 'reflect-metadata'; // @peculiar/x509 finds its ASN.1 schemas through it.
import { generateKeyPairSync, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate with its private key, both PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is for: a server is known by its names, a client by user and groups. */
export type Subject =
  | { readonly use: 'server'; readonly name: string; readonly dns: readonly string[]; readonly ips: readonly string[] }
  | { readonly use: 'client'; readonly name: string; readonly groups: readonly string[] };

export interface CertificateAuthority extends Identity {
  issue(subject: Subject): Promise<Identity>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 24 * 60 * 60 * 1000;

/** Creates an authority for one control plane. */
export async function createAuthority(): Promise<CertificateAuthority> {
  const keys = await newKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: [{ CN: ['patchgen-throw-away-ca'] }],
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return authorityOf(root, keys.privateKey, await pem(keys.privateKey));
}

/** The same authority in another process. */
export async function restoreAuthority({ certificate, key }: Identity): Promise<CertificateAuthority> {
  const der = Buffer.from(key.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  const signer = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
  return authorityOf(new X509Certificate(certificate), signer, key);
}

function authorityOf(root: X509Certificate, signingKey: webcrypto.CryptoKey, key: string): CertificateAuthority {
  return {
    certificate: root.toString('pem'),
    key,
    async issue(subject) {
      const own = await newKeys();
      const groups = subject.use === 'client' ? subject.groups.map((group) => ({ O: [group] })) : [];
      const leaf = await X509CertificateGenerator.create({
        ...validity(),
        subject: [{ CN: [subject.name] }, ...groups],
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey,
        extensions: extensions(subject),
      });
      return { certificate: leaf.toString('pem'), key: await pem(own.privateKey) };
    },
  };
}

/** The RSA pair that signs service account tokens. */
export function serviceAccountKeys(): { readonly publicKey: string; readonly privateKey: string } {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function extensions(subject: Subject): Extension[] {
  const common = [new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true)];
  if (subject.use === 'client') return [...common, new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])];
  const names = [
    ...subject.dns.map((value) => ({ type: 'dns' as const, value })),
    ...subject.ips.map((value) => ({ type: 'ip' as const, value })),
  ];
  return [
    ...common,
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(names),
  ];
}

function validity(): { serialNumber: string; notBefore: Date; notAfter: Date; signingAlgorithm: typeof ALGORITHM } {
  const now = Date.now();
  // A day back, because containers and their hosts disagree about the time now and then. The leading 01 keeps the
  // serial number positive and of minimal length.
  const serialNumber = `01${randomBytes(8).toString('hex')}`;
  return {
    serialNumber,
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + 30 * DAY),
    signingAlgorithm: ALGORITHM,
  };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  const lines = der.match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
