/** What is used of the official client. A file of its own, so that a lazy import brings this into the bundle and not all of it. */
export { KubeConfig } from '@kubernetes/client-node';
