import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';

/** What the server answered: the status code, the decoded body, and the text of its Warning headers. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly warnings: string;
}

export interface RawApi {
  /** Sends one request as the administrator. A string goes out as it is, anything else as JSON. */
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
}

/** The control plane's own requests, for tests that look into the JSON object of the answer. */
export function rawApi(plane: ControlPlane): RawApi {
  return {
    send: async (method, path, body, contentType) => {
      const answer = await plane.request(method, path, body, contentType);
      const object = typeof answer.body === 'string' ? { text: answer.body } : (answer.body as Answer['body']);
      return { ...answer, body: object };
    },
  };
}
