{{/*
What becomes of one object that a cluster has once, given (list $ object): `render` where it is absent or belongs to this
release, `leave` where somebody else brought the same, `conflict` where somebody else brought another. `helm template` asks
no cluster and always renders.
*/}}
{{- define "patchgen.fate" -}}
{{- $root := index . 0 -}}
{{- $object := index . 1 -}}
{{- $live := lookup $object.apiVersion $object.kind "" $object.metadata.name -}}
{{- if not $live -}}
render
{{- else -}}
{{- $notes := $live.metadata.annotations | default dict -}}
{{- $owner := printf "%s/%s" (index $notes "meta.helm.sh/release-namespace") (index $notes "meta.helm.sh/release-name") -}}
{{- $managed := eq (dig "labels" "app.kubernetes.io/managed-by" "" $live.metadata) "Helm" -}}
{{- if and $managed (eq $owner (printf "%s/%s" $root.Release.Namespace $root.Release.Name)) -}}
render
{{- else if eq (toJson (omit $live.spec "conversion")) (toJson (omit $object.spec "conversion")) -}}
leave
{{- else -}}
conflict
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "patchgen.singletonKind" -}}
{{- get (dict "CustomResourceDefinition" "crd") .kind | default (lower .kind) -}}
{{- end -}}

{{- define "patchgen.singletonInWords" -}}
{{- get (dict "CustomResourceDefinition" "CRD") .kind | default .kind }} {{ .metadata.name -}}
{{- end -}}

{{/* One command that gives the object to this release. Kept whatever happens to the release that had it: intents go with a CRD. */}}
{{- define "patchgen.adoptCommand" -}}
{{- $root := index . 0 -}}
{{- $object := index . 1 -}}
{{- $notes := dict "meta.helm.sh/release-name" $root.Release.Name "meta.helm.sh/release-namespace" $root.Release.Namespace "helm.sh/resource-policy" "keep" -}}
{{- $patch := dict "metadata" (dict "labels" (dict "app.kubernetes.io/managed-by" "Helm") "annotations" $notes) -}}
kubectl patch {{ include "patchgen.singletonKind" $object }} {{ $object.metadata.name }} --type=merge --patch='{{ toJson $patch }}'
{{- end -}}

{{/* The values that leave an object to somebody else. The operator trusts no approvals while their guards are not those of this chart. */}}
{{- define "patchgen.valuesWithout" -}}
{{- $guards := dict
      "approver.patchgen.dev" "admissionPolicies.approver=false,approvalGuard=false"
      "requested-by.patchgen.dev" "admissionPolicies.requestedBy=false,approvalGuard=false"
      "requester.patchgen.dev" "admissionPolicies.requester=false" -}}
{{- get $guards .metadata.name | default "crds.enabled=false" -}}
{{- end -}}

{{/*
Those of the objects that this release renders, as JSON, given (list $ objects). Fails where somebody else brought others: all of
them are told at once.
*/}}
{{- define "patchgen.singletons" -}}
{{- $root := index . 0 -}}
{{- $rendered := list -}}
{{- $facts := list -}}
{{- $commands := list -}}
{{- $values := list -}}
{{- range $object := index . 1 -}}
{{- $fate := include "patchgen.fate" (list $root $object) -}}
{{- if eq $fate "render" -}}
{{- $rendered = append $rendered $object -}}
{{- else if eq $fate "conflict" -}}
{{- $facts = append $facts (printf "The %s is in the cluster already, differs from that of this chart, and does not belong to this release." (include "patchgen.singletonInWords" $object)) -}}
{{- $commands = append $commands (include "patchgen.adoptCommand" (list $root $object)) -}}
{{- $values = concat $values (include "patchgen.valuesWithout" $object | splitList ",") -}}
{{- end -}}
{{- end -}}
{{- if $facts -}}
{{- $it := ternary "it" "them" (eq (len $facts) 1) -}}
{{- fail (printf "\n\n%s\nTo give %s to this release, to be upgraded now and by later upgrades:\n\n  %s\n\nTo leave %s: --set %s\n" (join "\n" $facts) $it (join "\n  " $commands) (ternary "it as it is" "them as they are" (eq (len $facts) 1)) (join "," (uniq $values))) -}}
{{- end -}}
{{- toJson $rendered -}}
{{- end -}}

{{/* The CRDs of this chart, as JSON. */}}
{{- define "patchgen.crds" -}}
{{- $crds := list -}}
{{- range $path, $_ := .Files.Glob "files/crds/*.yaml" -}}
{{- $crds = append $crds ($.Files.Get $path | fromYaml) -}}
{{- end -}}
{{- toJson $crds -}}
{{- end -}}
