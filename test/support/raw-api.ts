import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
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
  close(): Promise<void>;
}

/** A client with nothing between the test and the server: what is in the body is what is sent. */
export function rawApi(plane: ControlPlane): RawApi {
  const pool = new Pool(plane.server, { connections: 8, connect: { ca: readFileSync(plane.caFile) } });
  return {
    send: async (method, path, body, contentType = 'application/json') => {
      const response = await pool.request({
        method,
        path,
        headers: { authorization: `Bearer ${plane.token}`, 'content-type': contentType },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.body.text();
      const decoded = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text };
      return { status: response.statusCode, body: decoded, warnings: String(response.headers.warning ?? '') };
    },
    close: () => pool.close(),
  };
}
