{{/* The name in labels. */}}
{{- define "patchgen.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of the objects: the release, with the chart where the release does not say it. A Service has no dots. */}}
{{- define "patchgen.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | replace "." "-" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of objects outside of the namespace of the release: releases of one name in two namespaces must not meet. */}}
{{- define "patchgen.globalName" -}}
{{ .Release.Namespace }}:{{ include "patchgen.fullname" . }}
{{- end -}}

{{- define "patchgen.serviceAccountName" -}}
{{- default (include "patchgen.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "patchgen.leaseName" -}}
{{- default (include "patchgen.fullname" .) .Values.leaderElectionId -}}
{{- end -}}

{{- define "patchgen.claimName" -}}
{{- default (printf "%s-packages" (include "patchgen.fullname" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{/* Of a claim that this release makes, as JSON. */}}
{{- define "patchgen.accessModes" -}}
{{- $it := .Values.persistence -}}
{{- $it.accessModes | default (list (ternary "ReadWriteMany" "ReadWriteOnce" (eq $it.mode "shared"))) | toJson -}}
{{- end -}}

{{/* What never changes in the life of a release: selectors cannot. */}}
{{- define "patchgen.selectorLabels" -}}
app.kubernetes.io/name: {{ include "patchgen.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "patchgen.labels" -}}
{{ include "patchgen.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "patchgen.image" -}}
{{- $tag := .Values.image.tag -}}
{{- if not .Values.image.digest -}}{{- $tag = default .Chart.AppVersion $tag -}}{{- end -}}
{{ .Values.image.repository }}{{ with $tag }}:{{ . }}{{ end }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{/* The port of a bind address such as `:8080`; empty for 0, which switches the server off. */}}
{{- define "patchgen.port" -}}
{{- regexFind "[1-9][0-9]*$" (toString .) -}}
{{- end -}}

{{- define "patchgen.metricsPort" -}}
{{- include "patchgen.port" .Values.metricsBindAddress -}}
{{- end -}}

{{- define "patchgen.probesPort" -}}
{{- include "patchgen.port" .Values.healthProbeBindAddress -}}
{{- end -}}

{{/* A scalar as a flag takes it: numbers of a values file are floats, which may print as 1e+06 or 5e-05. */}}
{{- define "patchgen.text" -}}
{{- if not (kindIs "float64" .) -}}{{ . }}
{{- else if eq . (floor .) -}}{{ int64 . }}
{{- else -}}{{ printf "%.12f" . | regexFind "^[0-9]+(\\.[0-9]*[1-9])?" }}
{{- end -}}
{{- end -}}

{{/* Milliseconds of a Go duration such as 1h30m. */}}
{{- define "patchgen.milliseconds" -}}
{{- $units := dict "ns" 0.000001 "us" 0.001 "µs" 0.001 "μs" 0.001 "ms" 1.0 "s" 1000.0 "m" 60000.0 "h" 3600000.0 -}}
{{- $total := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ns|us|µs|μs|ms|s|m|h)" (toString .) -1 -}}
{{- $amount := regexFind "^[0-9.]+" . -}}
{{- $total = addf $total (mulf (float64 $amount) (get $units (trimPrefix $amount .))) -}}
{{- end -}}
{{- $total -}}
{{- end -}}

{{/* The flags of `patchgen run`, one for each setting among the values. */}}
{{- define "patchgen.flags" -}}
- --output-dir={{ .Values.outputDir }}
- --min-free-space={{ include "patchgen.text" .Values.minFreeSpace }}
- --gc-grace={{ .Values.gcGrace }}
- --brake-count={{ include "patchgen.text" .Values.brakeCount }}
- --brake-fraction={{ include "patchgen.text" .Values.brakeFraction }}
- --take-over={{ .Values.takeOver }}
- --workers={{ include "patchgen.text" .Values.workers }}
- --resync-interval={{ .Values.resyncInterval }}
- --validation-timeout={{ .Values.validationTimeout }}
- --strict-mode={{ .Values.strictMode }}
- --live-plans={{ .Values.livePlans }}
- --plan-dry-run={{ .Values.planDryRun }}
- --policies={{ .Values.policies }}
- --approval-guard={{ .Values.approvalGuard }}
{{- with .Values.watchNamespaces }}
- --watch-namespaces={{ join "," . }}
{{- end }}
{{- with .Values.allowedTargetNamespaces }}
- --allowed-target-namespaces={{ join "," . }}
{{- end }}
- --leader-elect={{ .Values.leaderElect }}
- --leader-election-id={{ include "patchgen.leaseName" . }}
- --leader-election-lease-duration={{ .Values.leaderElectionLeaseDuration }}
- --leader-election-renew-deadline={{ .Values.leaderElectionRenewDeadline }}
- --leader-election-retry-period={{ .Values.leaderElectionRetryPeriod }}
- --metrics-bind-address={{ .Values.metricsBindAddress }}
- --health-probe-bind-address={{ .Values.healthProbeBindAddress }}
- --debug={{ .Values.debug }}
{{- end -}}
