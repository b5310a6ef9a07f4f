import * as fs from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { PublishRequest } from '../src/kpt/publisher/publisher.ts';
import type { BareTask } from './publish.ts';

/**
 * The system calls of a durable publication and nothing else: plain paths, no checks, no fence, no memory. What the
 * publisher is measured against.
 */
const { root } = workerData as BareTask;
const meta = join(root, '.patchgen');
for (const path of [root, meta, join(meta, 'store'), join(meta, 'staging'), join(meta, 'records')]) fs.mkdirSync(path);
const namespaces = new Set<string>();
let names = 0;

function writeFile(path: string, content: string, mode: number, sync: boolean): void {
  const fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL, mode);
  fs.fchmodSync(fd, mode);
  fs.writeSync(fd, Buffer.from(content));
  if (sync) fs.fsyncSync(fd);
  fs.closeSync(fd);
}

function sync(path: string, also: (fd: number) => void = () => {}): void {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  also(fd);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

function scratch(): string {
  names += 1;
  return join(meta, 'staging', `${names}`);
}

function publish(batch: readonly PublishRequest[]): void {
  for (const { package: content } of batch) {
    const staged = scratch();
    fs.mkdirSync(staged);
    for (const file of content.files) writeFile(join(staged, file.path), file.content, 0o644, true);
    sync(staged, (fd) => fs.fchmodSync(fd, 0o755));
    fs.renameSync(staged, join(meta, 'store', `${content.digest}.1`));
  }
  sync(join(meta, 'store'));
  for (const { namespace, intent, package: content } of batch) {
    makeNamespace(namespace);
    const link = scratch();
    fs.symlinkSync(`../.patchgen/store/${content.digest}.1`, link);
    fs.renameSync(link, join(root, namespace, intent));
  }
  for (const namespace of new Set(batch.map((request) => request.namespace))) sync(join(root, namespace));
  for (const { namespace, intent, record } of batch) {
    const path = scratch();
    writeFile(path, JSON.stringify({ namespace, intent, ...record }), 0o600, false);
    fs.renameSync(path, join(meta, 'records', namespace, `${intent}.json`));
  }
}

function makeNamespace(namespace: string): void {
  if (namespaces.has(namespace)) return;
  namespaces.add(namespace);
  fs.mkdirSync(join(root, namespace));
  fs.mkdirSync(join(meta, 'records', namespace));
  sync(root);
}

parentPort?.on('message', (batch: readonly PublishRequest[]) => {
  publish(batch);
  parentPort?.postMessage('done');
});
