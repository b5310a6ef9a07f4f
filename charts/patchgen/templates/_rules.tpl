{{/* What the operator needs where intents are, and nothing else; a test runs its whole life with exactly these rights. */}}
{{- define "patchgen.intentRules" -}}
# The intents are read, never changed; a live read precedes every removal of a package.
- apiGroups: [patchgen.dev]
  resources: [patchintents]
  verbs: [get, list, watch]
- apiGroups: [patchgen.dev]
  resources: [patchintents/status]
  verbs: [update]
{{- if .Values.policies }}
# What people decided; it is read, never written.
- apiGroups: [patchgen.dev]
  resources: [patchapprovals]
  verbs: [list, watch]
{{- end }}
{{- end -}}

{{/* Where targets may be: kind by kind, never a wildcard. */}}
{{- define "patchgen.targetRules" -}}
{{- if .Values.livePlans -}}
# Plans are made against the live target: its replicas, and of its metadata who owns it. One at a time, nothing is listed.
{{- range .Values.targets }}
- apiGroups: [{{ include "patchgen.groupOf" .apiVersion | quote }}]
  resources: [{{ .resource }}, {{ .resource }}/scale]
  verbs: [get]
{{- end }}
{{- if .Values.planDryRun }}
# Only asked with dryRun=All; RBAC cannot tell that from a change.
{{- range .Values.targets }}
- apiGroups: [{{ include "patchgen.groupOf" .apiVersion | quote }}]
  resources: [{{ .resource }}]
  verbs: [patch]
{{- end }}
{{- end }}
{{ include "patchgen.autoscalerRules" . }}
{{- end -}}
{{- end -}}

{{- define "patchgen.autoscalerRules" -}}
# Who else sets the replicas of a target. ScaledObjects where KEDA is installed.
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [list, watch]
{{- end -}}

{{/* What no namespace has. Empty where nothing of it is used. */}}
{{- define "patchgen.clusterRules" -}}
{{- if .Values.policies }}
# Policies are read; what they have counted is written into their status.
- apiGroups: [patchgen.dev]
  resources: [patchpolicies]
  verbs: [get, list, watch]
- apiGroups: [patchgen.dev]
  resources: [patchpolicies/status]
  verbs: [update]
# Policies select by labels of namespaces, and a namespace consents to intents of others by a label.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
{{- if .Values.approvalGuard }}
# Approvals count only while the admission policies that keep names true are as this version brings them.
- apiGroups: [admissionregistration.k8s.io]
  resources: [validatingadmissionpolicies, validatingadmissionpolicybindings]
  resourceNames: [approver.patchgen.dev, requested-by.patchgen.dev]
  verbs: [get]
{{- end }}
{{- end }}
{{- with include "patchgen.customTargets" . | fromJsonArray }}
# Whether the scale of a custom kind is about .spec.replicas.
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames:
    {{- range . }}
    - {{ . }}
    {{- end }}
  verbs: [get]
{{- end }}
{{- end -}}

{{/* The group of an API version such as `apps/v1`; empty for `v1`. */}}
{{- define "patchgen.groupOf" -}}
{{- if contains "/" . -}}{{ splitList "/" . | first }}{{- end -}}
{{- end -}}

{{/* Whether a kind, given by its API version, is a custom one. Groups of Kubernetes itself have no dot, or end in k8s.io. */}}
{{- define "patchgen.isCustom" -}}
{{- $group := include "patchgen.groupOf" . -}}
{{- if and (contains "." $group) (not (hasSuffix ".k8s.io" (printf ".%s" $group))) -}}true{{- end -}}
{{- end -}}

{{/* Whether the operator takes a target of this kind at all. */}}
{{- define "patchgen.mayScale" -}}
{{- $isWorkload := and (eq .apiVersion "apps/v1") (has .kind (list "Deployment" "StatefulSet" "ReplicaSet")) -}}
{{- if or $isWorkload (include "patchgen.isCustom" .apiVersion) -}}true{{- end -}}
{{- end -}}

{{/* The CRDs of the targets that have one, as JSON. */}}
{{- define "patchgen.customTargets" -}}
{{- $names := list -}}
{{- if .Values.livePlans -}}
{{- range .Values.targets -}}
{{- if include "patchgen.isCustom" .apiVersion -}}
{{- $names = append $names (printf "%s.%s" .resource (include "patchgen.groupOf" .apiVersion)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- uniq $names | toJson -}}
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
