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

{{- define "patchgen.isGuard" -}}
{{- if hasPrefix "ValidatingAdmissionPolicy" .kind }}true{{ end -}}
{{- end -}}

{{/*
One command that gives the object to this release. A CRD is kept whatever happens to the release that had it: intents go with it.
A guard goes with its release, so it is kept only as long as another release would take it away when it lets go of it.
*/}}
{{- define "patchgen.adoptCommand" -}}
{{- $root := index . 0 -}}
{{- $object := index . 1 -}}
{{- $notes := dict "meta.helm.sh/release-name" $root.Release.Name "meta.helm.sh/release-namespace" $root.Release.Namespace -}}
{{- $live := lookup $object.apiVersion $object.kind "" $object.metadata.name | default dict -}}
{{- if or (not (include "patchgen.isGuard" $object)) (dig "metadata" "annotations" "meta.helm.sh/release-name" "" $live) -}}
{{- $_ := set $notes "helm.sh/resource-policy" "keep" -}}
{{- end -}}
{{- $patch := dict "metadata" (dict "labels" (dict "app.kubernetes.io/managed-by" "Helm") "annotations" $notes) -}}
kubectl patch {{ include "patchgen.singletonKind" $object }} {{ $object.metadata.name }} --type=merge --patch='{{ toJson $patch }}'
{{- end -}}

{{/*
What the guards that this release renders have, before it does so, that Helm may not put right: warnings as JSON. What somebody
has added to one stays there, and one that is kept stays in force. Those that are switched off are not looked at: who installs
may lack the right, and a lookup that is forbidden ends the installation.
*/}}
{{- define "patchgen.guardWarnings" -}}
{{- $root := . -}}
{{- $warnings := list -}}
{{- range $ours := include "patchgen.guards" $root | fromJsonArray -}}
{{- $live := lookup $ours.apiVersion $ours.kind "" $ours.metadata.name -}}
{{- $what := include "patchgen.singletonInWords" $ours -}}
{{- $id := printf "%s %s" (include "patchgen.singletonKind" $ours) $ours.metadata.name -}}
{{- if and $live (eq (include "patchgen.fate" (list $root $ours)) "render") -}}
{{- $added := include "patchgen.added" (list $ours.spec $live.spec "spec") -}}
{{- if $added -}}
{{- $warnings = append $warnings (printf "the %s had what is not of this chart (%s). What an older version of this release brought is gone now; what\nsomebody has added Helm leaves there: then it is not in force as it should be, and the operator counts no approval where a\nguard of names is changed. If the next upgrade says so again, delete it, and upgrade this release once more:\n\n     kubectl delete %s" $what (trim $added) $id) -}}
{{- end -}}
{{- if eq (dig "metadata" "annotations" "helm.sh/resource-policy" "" $live) "keep" -}}
{{- $warnings = append $warnings (printf "the %s was taken over from another release and is kept, so it would stay in force without this one, and where\nit is switched off here. Once that other release is upgraded or gone:\n\n     kubectl annotate %s helm.sh/resource-policy-" $what $id) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $warnings -}}
{{- end -}}

{{/* The paths that `theirs` has and `ours` lacks, given (list ours theirs path). Helm replaces a list, unless its items have names. */}}
{{- define "patchgen.added" -}}
{{- $ours := index . 0 -}}
{{- $theirs := index . 1 -}}
{{- $path := index . 2 -}}
{{- if and (kindIs "map" $ours) (kindIs "map" $theirs) -}}
{{- range $key, $value := $theirs -}}
{{- if not (hasKey $ours $key) }} {{ $path }}.{{ $key }}
{{- else }}{{ include "patchgen.added" (list (get $ours $key) $value (printf "%s.%s" $path $key)) }}
{{- end -}}
{{- end -}}
{{- else if and (kindIs "slice" $ours) (kindIs "slice" $theirs) -}}
{{- $names := list -}}
{{- range $ours }}{{ if kindIs "map" . }}{{ $names = append $names (.name | default "") }}{{ end }}{{ end -}}
{{- range $theirs }}{{ if and (kindIs "map" .) .name (not (has .name $names)) }} {{ $path }}[{{ .name }}]{{ end }}{{ end -}}
{{- end -}}
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
