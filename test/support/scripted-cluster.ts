import { ApiError, type ApiRequest, type ApiResponse, type KubeClient } from '../../src/platform/kubernetes/client.ts';

/** What a scripted API server answers: a body, a refusal, or something of its own. */
export type Script = (request: ApiRequest) => unknown;

export interface ScriptedCluster {
  readonly client: Pick<KubeClient, 'request'>;
  /** `GET /apis/…`, in the order of the requests. */
  readonly asked: string[];
  /** The requests since the last look. */
  take(): readonly string[];
}

/** A client whose answers come from a table by `METHOD path`; 404 for what it does not name. A thrown value rejects. */
export function scriptedCluster(answers: Readonly<Record<string, Script | object>>): ScriptedCluster {
  const asked: string[] = [];
  return {
    asked,
    take: () => asked.splice(0),
    client: {
      async request<T>(request: ApiRequest): Promise<ApiResponse<T>> {
        const line = `${request.method} ${request.path}`;
        asked.push(line);
        const answer = Object.hasOwn(answers, line) ? answers[line] : undefined;
        if (answer === undefined) throw refusal(404, 'the server could not find the requested resource');
        const body: unknown = typeof answer === 'function' ? await (answer as Script)(request) : answer;
        return { status: 200, body: body as T, warnings: [] };
      },
    },
  };
}

const REASONS: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  422: 'Invalid',
};

export function refusal(status: number, message: string): ApiError {
  return new ApiError(status, REASONS[status] ?? 'Unknown', message);
}
