{{/* What the operator needs where intents are, and nothing else; a test runs its whole life with exactly these rights. */}}
{{- define "patchgen.rules" -}}
# The intents are read, never changed; a live read precedes every removal of a package.
- apiGroups: [patchgen.dev]
  resources: [patchintents]
  verbs: [get, list, watch]
- apiGroups: [patchgen.dev]
  resources: [patchintents/status]
  verbs: [update]
{{ include "patchgen.eventRules" . }}
{{- end -}}

{{- define "patchgen.eventRules" -}}
# Events are created, and patched when the same happens again.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{- define "patchgen.subjects" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "patchgen.serviceAccountName" . }}
    namespace: {{ .Release.Namespace }}
{{- end -}}
