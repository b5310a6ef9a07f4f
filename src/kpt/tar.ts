import { PACKAGE_DIR_MODE, PACKAGE_FILE_MODE } from './package.ts';

export interface TarFile {
  /** A plain ASCII name. */
  readonly path: string;
  readonly content: Uint8Array;
}

const BLOCK = 512;
/** tar(1) writes whole records of 20 blocks, and some readers complain about less. */
const RECORD = 20 * BLOCK;
const NAME_BYTES = 100;

/**
 * A POSIX ustar archive of one folder of plain files, in the order given. The same input gives the same bytes: owner and
 * group 0, modification time 0, the modes of a package. Throws RangeError for a name that ustar's name field can't hold.
 * Source: POSIX.1-2017, pax, "ustar Interchange Format".
 */
export function tarOf(folder: string, files: readonly TarFile[]): Uint8Array {
  const blocks: Uint8Array[] = [header(`${folder}/`, '5', PACKAGE_DIR_MODE, 0)];
  for (const { path, content } of files) {
    blocks.push(header(`${folder}/${path}`, '0', PACKAGE_FILE_MODE, content.length), content);
    blocks.push(new Uint8Array(padding(content.length, BLOCK)));
  }
  const end = 2 * BLOCK;
  const total = blocks.reduce((sum, block) => sum + block.length, end);
  blocks.push(new Uint8Array(end + padding(total, RECORD)));
  return Buffer.concat(blocks);
}

function header(name: string, type: '0' | '5', mode: number, size: number): Uint8Array {
  if (Buffer.byteLength(name) > NAME_BYTES) throw new RangeError(`too long for a tar header: ${name}`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 'utf8');
  block.write(octal(mode, 8), 100, 'latin1');
  block.write(octal(0, 8), 108, 'latin1'); // owner
  block.write(octal(0, 8), 116, 'latin1'); // group
  block.write(octal(size, 12), 124, 'latin1');
  block.write(octal(0, 12), 136, 'latin1'); // modification time
  block.write(' '.repeat(8), 148, 'latin1'); // the checksum counts as blanks while it is summed
  block.write(type, 156, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

function padding(size: number, unit: number): number {
  return (unit - (size % unit)) % unit;
}
