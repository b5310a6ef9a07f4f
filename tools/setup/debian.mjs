// What is taken from the system instead of being pinned: programs, plug-ins and certificates, with the Debian package of each.

import { existsSync } from 'node:fs';
import { systemProgram } from './path.mjs';

const CNI = '/usr/lib/cni';

/** A path stands for itself, everything else is looked for on PATH and in the sbin folders. */
const PACKAGES = {
  git: 'git',
  strace: 'strace',
  tar: 'tar',
  make: 'make',
  runc: 'runc',
  nft: 'nftables',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  mount: 'mount',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  flock: 'util-linux',
  [`${CNI}/bridge`]: 'containernetworking-plugins',
  [`${CNI}/host-local`]: 'containernetworking-plugins',
  [`${CNI}/loopback`]: 'containernetworking-plugins',
  [`${CNI}/portmap`]: 'containernetworking-plugins',
  '/etc/ssl/certs/ca-certificates.crt': 'ca-certificates',
  buildah: 'buildah',
};

/** Who needs what. */
export const NEEDS = {
  tests: ['git', 'strace', 'tar', 'make'],
  node: [
    ...['runc', 'nft', 'iptables', 'conntrack', 'ip', 'mount', 'unshare', 'nsenter', 'setpriv', 'flock'],
    ...['bridge', 'host-local', 'loopback', 'portmap'].map((plugin) => `${CNI}/${plugin}`),
  ],
  dockerfile: ['buildah', '/etc/ssl/certs/ca-certificates.crt'],
};

/**
 * Where they are. Throws one sentence with what is missing and the one command that installs it.
 * @template {string} Name
 * @param {readonly Name[]} names
 * @returns {Record<Name, string>}
 */
export function debianPrograms(names) {
  const missing = missingPrograms(names);
  if (missing.length > 0) throw new Error(`${missing.join(', ')}: not on this machine. ${howToInstall(missing)}`);
  return Object.fromEntries(names.map((name) => [name, where(name)]));
}

/**
 * Those that are not there.
 * @param {readonly string[]} names
 * @param {(name: string) => boolean} [isThere] another machine than this
 */
export function missingPrograms(names, isThere = (name) => where(name) !== undefined) {
  return names.filter((name) => !isThere(name));
}

/** The packages of programs, each once, in order. @param {readonly string[]} names @returns {string[]} */
export function packagesOf(names) {
  const packages = names.map((name) => {
    if (PACKAGES[name] === undefined)
      throw new Error(`which Debian package ${name} is in stands nowhere in ${import.meta.filename}`);
    return PACKAGES[name];
  });
  return [...new Set(packages)].sort();
}

/** @param {readonly string[]} names */
export function howToInstall(names) {
  return `On Debian and Ubuntu: apt-get install -y --no-install-recommends ${packagesOf(names).join(' ')}`;
}

function where(name) {
  packagesOf([name]); // A name that is not in the table is a mistake here, not something that the machine lacks.
  if (name.startsWith('/')) return existsSync(name) ? name : undefined;
  return systemProgram(name);
}
