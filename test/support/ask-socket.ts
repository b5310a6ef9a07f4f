import { request } from 'node:http';

/** What the broker of a room answers at its socket; rejects with its words when that is no success. */
export function askSocket(socketPath: string): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const ask = request({ socketPath, path: '/' }, (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
      response.on('error', reject);
      response.on('end', () => (response.statusCode === 200 ? resolve(received) : reject(new Error(received))));
    });
    ask.on('error', reject);
    ask.end();
  });
}
