import { ApiError } from './client.ts';
import { retryAfterMs } from './headers.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

interface StatusBody {
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown } | null;
}

// What a server that sends no Status body (a proxy, the authenticator) means by its code.
const REASON_OF: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** The error for an answer other than 2xx. Its message is the server's, or the status code where there is none. */
export function apiErrorOf(answer: Answer, now: Date): ApiError {
  const body = decoded(answer.body);
  const status = isStatusBody(body) ? body : undefined;
  const reason = textOf(status?.reason) ?? REASON_OF[answer.status] ?? 'Unknown';
  const message = textOf(status?.message) ?? `the API server answered ${answer.status} ${reason}`;
  const seconds = status?.details?.retryAfterSeconds;
  const retryAfter =
    retryAfterMs(answer.headers['retry-after'], now) ?? (typeof seconds === 'number' ? seconds * 1000 : undefined);
  return new ApiError(answer.status, reason, message, {
    ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter }),
    ...(body === undefined ? {} : { body }),
  });
}

function decoded(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

const isStatusBody = (body: unknown): body is StatusBody =>
  typeof body === 'object' && body !== null && (body as { kind?: unknown }).kind === 'Status';

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
