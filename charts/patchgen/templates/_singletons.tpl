{{/*
What becomes of one CRD, given (list $ crd): `render` where it is absent or belongs to this release, `leave` where somebody
else brought the same, `conflict` where somebody else brought another. `helm template` asks no cluster and always renders.
*/}}
{{- define "patchgen.crdFate" -}}
{{- $root := index . 0 -}}
{{- $crd := index . 1 -}}
{{- $live := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" $crd.metadata.name -}}
{{- if not $live -}}
render
{{- else -}}
{{- $notes := $live.metadata.annotations | default dict -}}
{{- $owner := printf "%s/%s" (index $notes "meta.helm.sh/release-namespace") (index $notes "meta.helm.sh/release-name") -}}
{{- $managed := eq (dig "labels" "app.kubernetes.io/managed-by" "" $live.metadata) "Helm" -}}
{{- if and $managed (eq $owner (printf "%s/%s" $root.Release.Namespace $root.Release.Name)) -}}
render
{{- else if eq (toJson (omit $live.spec "conversion")) (toJson (omit $crd.spec "conversion")) -}}
leave
{{- else -}}
conflict
{{- end -}}
{{- end -}}
{{- end -}}

{{/* One command that gives a CRD to this release. Kept whatever happens to the release that had it: intents go with it. */}}
{{- define "patchgen.adoptCommand" -}}
{{- $root := index . 0 -}}
{{- $notes := dict "meta.helm.sh/release-name" $root.Release.Name "meta.helm.sh/release-namespace" $root.Release.Namespace "helm.sh/resource-policy" "keep" -}}
{{- $patch := dict "metadata" (dict "labels" (dict "app.kubernetes.io/managed-by" "Helm") "annotations" $notes) -}}
kubectl patch crd {{ index . 1 }} --type=merge --patch='{{ toJson $patch }}'
{{- end -}}
