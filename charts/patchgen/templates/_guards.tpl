{{/*
The admission policies of this chart with their bindings, as JSON. They are in force in the whole cluster, under fixed names,
by which the operator finds them.
*/}}
{{- define "patchgen.guards" -}}
{{- $guards := list -}}
{{- range $file := include "patchgen.guardFiles" . | fromJsonArray -}}
{{- range $guard := ($.Files.Get (printf "files/guards/%s.yaml" $file) | fromYaml).items -}}
{{- range $variable := dig "spec" "variables" list $guard -}}
{{- if eq $variable.name "resources" -}}
{{- $_ := set $variable "expression" (include "patchgen.resourcesByKind" $) -}}
{{- end -}}
{{- end -}}
{{- $guards = append $guards $guard -}}
{{- end -}}
{{- end -}}
{{- toJson $guards -}}
{{- end -}}

{{/* Of those that are switched on. */}}
{{- define "patchgen.guardFiles" -}}
{{- $files := list -}}
{{- if .Values.admissionPolicies.enabled -}}
{{- if .Values.admissionPolicies.approver }}{{ $files = append $files "approver" }}{{ end -}}
{{- if .Values.admissionPolicies.requestedBy }}{{ $files = append $files "requested-by" }}{{ end -}}
{{- if .Values.admissionPolicies.requester }}{{ $files = append $files "requester" }}{{ end -}}
{{- end -}}
{{- toJson $files -}}
{{- end -}}

{{/* What the API server cannot know: which resource a kind is served as. A map in CEL. */}}
{{- define "patchgen.resourcesByKind" -}}
{{- $entries := list -}}
{{- range .Values.targets -}}
{{- $entries = append $entries (printf "'%s %s': '%s'" .apiVersion .kind .resource) -}}
{{- end -}}
{{- printf "{%s}" (join ", " $entries) -}}
{{- end -}}
