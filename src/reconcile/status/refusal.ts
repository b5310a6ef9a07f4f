import type { ApiError } from '../../platform/kubernetes/client.ts';

const MOST_CAUSES = 10;

/**
 * What the API server found wrong, in one order: it names the fields in another order each time, and an Event whose note
 * differs is another Event.
 */
export function refusalText({ body, message }: ApiError): string {
  const { details } = (body ?? {}) as { details?: { causes?: unknown } | null };
  const causes = Array.isArray(details?.causes)
    ? details.causes.map(causeText).filter((text) => text !== undefined)
    : [];
  if (causes.length === 0) return message;
  return [...new Set(causes)].toSorted().slice(0, MOST_CAUSES).join('; ');
}

function causeText(cause: unknown): string | undefined {
  const { field, message } = (cause ?? {}) as { field?: unknown; message?: unknown };
  return typeof field === 'string' && typeof message === 'string' ? `${field}: ${message}` : undefined;
}
