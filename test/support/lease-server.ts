import type { Clock } from '../../src/platform/clock.ts';
import {
  ApiError,
  type ApiRequest,
  type ApiResponse,
  ConnectionError,
  type KubeClient,
} from '../../src/platform/kubernetes/client.ts';
import type { Lease } from '../../src/runtime/lease.ts';

/** What happens to one request of one client on its way. Times in milliseconds of the clock. */
export interface Weather {
  /** Until the server carries it out. */
  readonly there: number;
  /** From then until the answer. */
  readonly back: number;
  /** `cut`: never carried out; `deaf`: carried out, and no answer; both show only as a timeout. */
  readonly fault: 'none' | 'cut' | 'deaf' | 'refused';
}

export const FAIR: Weather = { there: 1, back: 1, fault: 'none' };

/** A scripted peer: one Lease with the optimistic concurrency of an API server, behind as bad a network as asked for. */
export class LeaseServer {
  readonly #clock: Clock;
  #version = 0;
  lease: Lease | undefined;
  readonly log: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A client with weather of its own, asked anew for each request. */
  client(name: string, weather: () => Weather = () => FAIR): KubeClient {
    return {
      request: <T>(request: ApiRequest) => this.#travel<T>(name, request, weather()),
      watch: () => {
        throw new Error('nobody watches a lease here');
      },
      close: () => Promise.resolve(),
    };
  }

  /** What a person does with kubectl: changes the Lease without asking, or deletes it. */
  tamper(change: (lease: Lease) => Lease | undefined): void {
    if (this.lease !== undefined) this.#store(change(this.lease));
  }

  #travel<T>(name: string, request: ApiRequest, weather: Weather): Promise<ApiResponse<T>> {
    return new Promise((resolve, reject) => {
      const clock = this.#clock;
      if (request.signal?.aborted) return reject(new ConnectionError('aborted'));
      let arrived = false;
      const timeout = clock.after(request.timeoutMs ?? 30_000, () => reject(new ConnectionError('timed out')));
      const arrive = (): void => {
        arrived = true;
        const answer = weather.fault === 'cut' ? undefined : this.#answer(name, request);
        if (weather.fault !== 'none' || answer === undefined) return;
        clock.after(weather.back, () => {
          timeout();
          if (answer instanceof ApiError) reject(answer);
          else resolve({ status: 200, body: structuredClone(answer) as T, warnings: [] });
        });
      };
      request.signal?.addEventListener('abort', () => {
        timeout();
        reject(new ConnectionError(arrived ? 'aborted after it was sent' : 'aborted'));
      });
      if (weather.fault !== 'refused') clock.after(weather.there, arrive);
      else {
        timeout();
        reject(new ConnectionError('connection refused'));
      }
    });
  }

  #answer(name: string, request: ApiRequest): Lease | ApiError {
    const sent = request.body as Lease;
    this.log.push(`${name} ${request.method}`);
    if (request.method === 'GET') return this.lease ?? new ApiError(404, 'NotFound', 'no such lease');
    if (request.method === 'POST') {
      if (this.lease !== undefined) return new ApiError(409, 'AlreadyExists', 'there is one');
      return this.#store(sent) as Lease;
    }
    if (this.lease === undefined) return new ApiError(404, 'NotFound', 'no such lease');
    if (sent.metadata.resourceVersion !== this.lease.metadata.resourceVersion)
      return new ApiError(409, 'Conflict', 'it moved');
    return this.#store(sent) as Lease;
  }

  #store(lease: Lease | undefined): Lease | undefined {
    this.#version += 1;
    this.lease =
      lease === undefined
        ? undefined
        : { ...lease, metadata: { ...lease.metadata, resourceVersion: `${this.#version}` } };
    return this.lease;
  }
}
