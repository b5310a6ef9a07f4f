import { request } from 'node:http';
import { inject } from 'vitest';
import { type AttachedNode, attachNode, type NodeFacts } from '../../../tools/node/attached.ts';
import type { OurImage } from './broker.ts';

export interface SharedNode {
  readonly node: AttachedNode;
  /** The operator's image; the node has it. */
  readonly image: OurImage;
}

/** The node that all files of the room share; it starts when the first file asks. Each file takes away what it installed. */
export async function sharedNode(): Promise<SharedNode> {
  const socketPath = inject('realNodeSocket');
  const text = await new Promise<string>((resolve, reject) => {
    const ask = request({ socketPath, path: '/' }, (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
      response.on('error', reject);
      response.on('end', () => (response.statusCode === 200 ? resolve(received) : reject(new Error(received))));
    });
    ask.on('error', reject);
    ask.end();
  });
  const { node, image } = JSON.parse(text) as { node: NodeFacts; image: OurImage };
  return { node: attachNode(node), image };
}
