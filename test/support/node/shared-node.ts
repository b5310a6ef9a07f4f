import { inject } from 'vitest';
import { type AttachedNode, attachNode, type NodeFacts } from '../../../tools/node/attached.ts';
import { askSocket } from '../ask-socket.ts';
import type { OurImage } from './broker.ts';

export interface SharedNode {
  readonly node: AttachedNode;
  /** The operator's image; the node has it. */
  readonly image: OurImage;
}

/** The node that all files of the room share; it starts when the first file asks. Each file takes away what it installed. */
export async function sharedNode(): Promise<SharedNode> {
  const text = await askSocket(inject('realNodeSocket'));
  const { node, image } = JSON.parse(text) as { node: NodeFacts; image: OurImage };
  return { node: attachNode(node), image };
}
