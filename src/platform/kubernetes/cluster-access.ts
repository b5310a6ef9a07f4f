/** How a connection proves itself and whom it trusts. PEM texts. The same object for as long as nothing changed. */
export interface TlsIdentity {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  /** False only where the kubeconfig says `insecure-skip-tls-verify`. */
  readonly verify: boolean;
}

export interface Credentials {
  /** `authorization` and impersonation. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsIdentity;
}

/** Where a cluster is and how to be let in. Holds no secret in its own fields, so it may be logged. */
export interface ClusterAccess {
  /** `https://host:port`, maybe with a path below which the API lies. */
  readonly server: string;
  /** The namespace of the pod, or of the context. */
  readonly namespace: string;
  /** For people: `context "kind" of /home/me/.kube/config`. */
  readonly description: string;
  /** What to send now. Files are read again at most once a minute. Rejects with AccessError. */
  credentials(): Promise<Credentials>;
  /** Reads everything anew, whatever its age: the server said 401. */
  reload(): Promise<void>;
}

/** There is no way into the cluster, and the message says what to change. Never holds a secret. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
}

/** Where a cluster may be told of. */
export interface AccessEnvironment {
  /** `KUBECONFIG`: one file or a list of them. */
  readonly kubeconfig?: string;
  /** Home directory, for `.kube/config`. Default: of the user. */
  readonly home?: string;
  /** `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`: set in every pod. */
  readonly serviceHost?: string;
  readonly servicePort?: string;
  /** Folder of the service account's token, ca.crt and namespace. Default: where the kubelet mounts it. */
  readonly serviceAccountDir?: string;
}
