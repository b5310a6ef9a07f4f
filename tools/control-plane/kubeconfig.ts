import { writeFile } from 'node:fs/promises';

/** Who talks to the server: by certificate. JSON is YAML, so kubectl and every client read it. */
export interface Access {
  readonly server: string;
  readonly authority: string;
  readonly user: string;
  readonly certificate: string;
  readonly key: string;
}

/** The text of a kubeconfig with one context, named `patchgen`; certificates stand inside it, so it can be copied. */
function kubeconfigText({ server, authority, user, certificate, key }: Access): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'patchgen',
    clusters: [{ name: 'patchgen', cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [{ name: user, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'patchgen', context: { cluster: 'patchgen', user } }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Readable by its owner only: it carries a private key. */
export async function writeKubeconfig(path: string, access: Access): Promise<void> {
  await writeFile(path, kubeconfigText(access), { mode: 0o600 });
}
