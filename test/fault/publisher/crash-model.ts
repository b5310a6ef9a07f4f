import type { Directory, Files } from '../../../src/platform/files/files.ts';

/**
 * A file system that forgets: it replays a recorded trace and says what may be on the disk after a power loss. Nothing
 * is on the disk for sure but file contents that were synced and directory entries whose directory was synced.
 */
export type Step =
  | { readonly op: 'mkdir' | 'create' | 'syncFile' | 'syncDirectory' | 'unlink' | 'rmdir'; readonly path: string }
  | { readonly op: 'write'; readonly path: string; readonly content: string }
  | { readonly op: 'symlink'; readonly path: string; readonly target: string }
  | { readonly op: 'rename' | 'link'; readonly path: string; readonly to: string };

/** Passes everything on to the real files and records what succeeded. */
export function recording(files: Files, steps: Step[]): Files {
  const at = (parent: Directory, name: string): string => `${parent.path}/${name}`;
  return {
    ...files,
    makeDirectory(parent, name, mode) {
      files.makeDirectory(parent, name, mode);
      steps.push({ op: 'mkdir', path: at(parent, name) });
    },
    syncDirectory(directory) {
      files.syncDirectory(directory);
      steps.push({ op: 'syncDirectory', path: directory.path });
    },
    writeFile(parent, name, content, options) {
      files.writeFile(parent, name, content, options);
      const path = at(parent, name);
      steps.push({ op: 'create', path }, { op: 'write', path, content: content.toString() });
      if (options.sync) steps.push({ op: 'syncFile', path });
    },
    createFile(parent, name, content, mode) {
      const opened = files.createFile(parent, name, content, mode);
      steps.push({ op: 'create', path: opened.path }, { op: 'write', path: opened.path, content: content.toString() });
      return Object.assign(opened, { isFile: true });
    },
    async syncLater(opened) {
      await files.syncLater(opened);
      steps.push({ op: 'isFile' in opened ? 'syncFile' : 'syncDirectory', path: opened.path });
    },
    makeLink(target, parent, name) {
      files.makeLink(target, parent, name);
      steps.push({ op: 'symlink', path: at(parent, name), target });
    },
    rename(from, fromName, to, toName) {
      files.rename(from, fromName, to, toName);
      steps.push({ op: 'rename', path: at(from, fromName), to: at(to, toName) });
    },
    hardLink(from, fromName, to, toName) {
      files.hardLink(from, fromName, to, toName);
      steps.push({ op: 'link', path: at(from, fromName), to: at(to, toName) });
    },
    unlink(parent, name) {
      files.unlink(parent, name);
      steps.push({ op: 'unlink', path: at(parent, name) });
    },
    removeDirectory(parent, name) {
      files.removeDirectory(parent, name);
      steps.push({ op: 'rmdir', path: at(parent, name) });
    },
  };
}

export type Node = FileNode | LinkNode | DirectoryNode;
interface FileNode {
  readonly kind: 'file';
  content: string;
  /** What a power loss leaves: nothing until the first sync. */
  durable: string;
}
interface LinkNode {
  readonly kind: 'link';
  readonly target: string;
}
interface DirectoryNode {
  readonly kind: 'directory';
  readonly entries: Map<string, Node>;
  readonly durable: Map<string, Node>;
  /** Changes since the last sync: each may or may not have reached the disk. */
  pending: { readonly name: string; readonly node: Node | undefined }[];
}

/** A tree as plain data: a file's content, `→ target` of a link, or a directory. */
export type Tree = Map<string, Tree | string>;

export function directoryNode(): DirectoryNode {
  return { kind: 'directory', entries: new Map(), durable: new Map(), pending: [] };
}

/** Makes all that is there durable, as at the start of a trace. */
export function settleAll(node: DirectoryNode): void {
  node.pending = [];
  node.durable.clear();
  for (const [name, child] of node.entries) {
    node.durable.set(name, child);
    if (child.kind === 'file') child.durable = child.content;
    if (child.kind === 'directory') settleAll(child);
  }
}

/** Applies a step to the root of the model, whose own path is `base`. */
export function apply(root: DirectoryNode, base: string, step: Step): void {
  const parts = (path: string): string[] => (path === base ? [] : path.slice(base.length + 1).split('/'));
  const directory = (path: string[]): DirectoryNode => {
    let node: Node = root;
    for (const part of path) node = (node.kind === 'directory' ? node.entries.get(part) : undefined) ?? fail(step);
    return node.kind === 'directory' ? node : fail(step);
  };
  const put = (path: string, node: Node | undefined): void => {
    const way = parts(path);
    const name = way.pop() ?? fail(step);
    const parent = directory(way);
    if (node === undefined) parent.entries.delete(name);
    else parent.entries.set(name, node);
    parent.pending.push({ name, node });
  };
  const get = (path: string): Node => {
    const way = parts(path);
    const name = way.pop();
    return name === undefined ? root : (directory(way).entries.get(name) ?? fail(step));
  };
  switch (step.op) {
    case 'mkdir':
      return put(step.path, directoryNode());
    case 'create':
      return put(step.path, { kind: 'file', content: '', durable: '' });
    case 'write':
    case 'syncFile': {
      const file = get(step.path);
      if (file.kind !== 'file') return fail(step);
      if (step.op === 'write') file.content = step.content;
      else file.durable = file.content;
      return;
    }
    case 'syncDirectory': {
      const synced = directory(parts(step.path));
      synced.pending = [];
      synced.durable.clear();
      for (const [name, node] of synced.entries) synced.durable.set(name, node);
      return;
    }
    case 'symlink':
      return put(step.path, { kind: 'link', target: step.target });
    case 'rename': {
      const node = get(step.path);
      put(step.path, undefined);
      return put(step.to, node);
    }
    case 'link':
      return put(step.to, get(step.path));
    case 'unlink':
    case 'rmdir':
      return put(step.path, undefined);
  }
}

/** What is on the disk after a power loss. `kept` says for each change that was not synced whether it got there. */
export function afterPowerLoss(node: DirectoryNode, kept: () => boolean): Tree {
  const entries = new Map(node.durable);
  for (const change of node.pending) {
    if (!kept()) continue;
    if (change.node === undefined) entries.delete(change.name);
    else entries.set(change.name, change.node);
  }
  const tree: Tree = new Map();
  for (const [name, child] of entries) {
    if (child.kind === 'directory') tree.set(name, afterPowerLoss(child, kept));
    else if (child.kind === 'link') tree.set(name, `→ ${child.target}`);
    // Unsynced contents: all or nothing of them.
    else tree.set(name, kept() ? child.content : child.durable);
  }
  return tree;
}

function fail(step: Step): never {
  throw new Error(`the model does not know the place of ${JSON.stringify(step)}`);
}
