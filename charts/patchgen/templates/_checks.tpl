{{/* What a schema cannot say: combinations that would not work. All of them are told at once. */}}
{{- define "patchgen.checks" -}}
{{- $problems := concat
      (include "patchgen.checks.names" . | fromJsonArray)
      (include "patchgen.checks.replicas" . | fromJsonArray)
      (include "patchgen.checks.persistence" . | fromJsonArray)
      (include "patchgen.checks.targets" . | fromJsonArray)
      (include "patchgen.checks.guards" . | fromJsonArray)
      (include "patchgen.checks.servers" . | fromJsonArray)
      (include "patchgen.checks.durations" . | fromJsonArray) -}}
{{- if $problems -}}
{{- fail (printf "\n\nThe values do not fit together:\n  - %s\n" (join "\n  - " $problems)) -}}
{{- end -}}
{{- end -}}

{{- define "patchgen.checks.names" -}}
{{- $problems := list -}}
{{- $name := include "patchgen.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- $problems = append $problems (printf "the Service would be called %q, but such a name begins with a letter: set fullnameOverride or take another release name" $name) -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- $problems = append $problems "serviceAccount.create=false needs serviceAccount.name: the account that exists already" -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "patchgen.checks.replicas" -}}
{{- $problems := list -}}
{{- $replicas := int .Values.replicas -}}
{{- if and (gt $replicas 1) (not .Values.leaderElect) -}}
{{- $problems = append $problems (printf "leaderElect=false needs replicas=1: without election every pod would work (replicas is %d)" $replicas) -}}
{{- end -}}
{{- if and (gt $replicas 1) (eq .Values.persistence.mode "single") -}}
{{- $problems = append $problems (printf "persistence.mode=single needs replicas=1: a ReadWriteOnce volume is for one pod (replicas is %d); take shared or emptyDir for more" $replicas) -}}
{{- end -}}
{{- $available := .Values.podDisruptionBudget.minAvailable -}}
{{- /* Kubernetes rounds a percentage up: 51% of 2 pods are both. */ -}}
{{- $pods := int $available -}}
{{- if kindIs "string" $available -}}
{{- $pods = div (add (mul (trimSuffix "%" $available | int) $replicas) 99) 100 | int -}}
{{- end -}}
{{- if and .Values.podDisruptionBudget.enabled (gt $replicas 1) (ge $pods $replicas) -}}
{{- $problems = append $problems (printf "podDisruptionBudget.minAvailable=%v of %d replicas would block every drain of a node: it must be less than replicas" $available $replicas) -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "patchgen.checks.persistence" -}}
{{- $problems := list -}}
{{- $it := .Values.persistence -}}
{{- if regexMatch "^/(opt|var|nodejs(/.*)?|opt/patchgen(/.*)?|(usr|lib|lib64|bin|sbin|etc|proc|sys|dev|run|var/run)(/.*)?)$" .Values.outputDir -}}
{{- $problems = append $problems (printf "outputDir=%s would hide or be part of the image or the system: take /var/lib/patchgen, /data or the like" .Values.outputDir) -}}
{{- end -}}
{{- if eq $it.mode "emptyDir" -}}
{{- range $key := list "storageClass" "accessModes" "existingClaim" "annotations" -}}
{{- if get $it $key -}}
{{- $problems = append $problems (printf "persistence.%s is for a claim, but persistence.mode=emptyDir has none: set persistence.mode to shared or single" $key) -}}
{{- end -}}
{{- end -}}
{{- else if $it.existingClaim -}}
{{- range $key := list "storageClass" "accessModes" "annotations" -}}
{{- if get $it $key -}}
{{- $problems = append $problems (printf "persistence.%s is for a new claim, but persistence.existingClaim names one that exists" $key) -}}
{{- end -}}
{{- end -}}
{{- else if and (eq $it.mode "shared") $it.accessModes (not (has "ReadWriteMany" $it.accessModes)) -}}
{{- $problems = append $problems (printf "persistence.mode=shared needs the access mode ReadWriteMany, or an existing claim (persistence.accessModes is %s)" (join ", " $it.accessModes)) -}}
{{- else -}}
{{- $claim := include "patchgen.claimName" . -}}
{{- $live := lookup "v1" "PersistentVolumeClaim" .Release.Namespace $claim -}}
{{- if and $live (ne (toJson $live.spec.accessModes) (include "patchgen.accessModes" .)) -}}
{{- $problems = append $problems (printf "the claim %s has the access modes %s, which cannot change: name another claim by persistence.existingClaim, or delete this one first (its packages are published again)" $claim (join ", " $live.spec.accessModes)) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "patchgen.checks.targets" -}}
{{- $problems := list -}}
{{- $seen := list -}}
{{- range .Values.targets -}}
{{- $key := printf "%s %s" .apiVersion .kind -}}
{{- if has $key $seen -}}
{{- $problems = append $problems (printf "targets names %s twice: a kind is served as one resource" $key) -}}
{{- end -}}
{{- $seen = append $seen $key -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "patchgen.checks.guards" -}}
{{- $problems := list -}}
{{- $guards := .Values.admissionPolicies -}}
{{- if and .Values.policies .Values.approvalGuard (not (and $guards.enabled $guards.requestedBy $guards.approver)) -}}
{{- $problems = append $problems "approvalGuard=true needs admissionPolicies.enabled, .requestedBy and .approver: without them no approval counts. Set approvalGuard=false to count approvals although anybody who may create them can do so in the name of somebody else" -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "patchgen.checks.servers" -}}
{{- $problems := list -}}
{{- $metrics := include "patchgen.metricsPort" . -}}
{{- if and $metrics (eq $metrics (include "patchgen.probesPort" .)) -}}
{{- $problems = append $problems (printf "metricsBindAddress and healthProbeBindAddress need two ports (both are %s)" $metrics) -}}
{{- end -}}
{{- range $key := list "serviceMonitor" "podMonitor" -}}
{{- if and (get $.Values $key).enabled (not $metrics) -}}
{{- $problems = append $problems (printf "%s.enabled needs metrics, but metricsBindAddress is 0" $key) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- $problems = append $problems "serviceMonitor.enabled and podMonitor.enabled would read everything twice: set one of them" -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "patchgen.checks.durations" -}}
{{- $problems := list -}}
{{- $least := dict "resyncInterval" "100ms" "validationTimeout" "1ms" "leaderElectionLeaseDuration" "1s" "leaderElectionRenewDeadline" "100ms" "leaderElectionRetryPeriod" "10ms" -}}
{{- range $key := list "gcGrace" "resyncInterval" "validationTimeout" "leaderElectionLeaseDuration" "leaderElectionRenewDeadline" "leaderElectionRetryPeriod" -}}
{{- $value := get $.Values $key -}}
{{- $ms := include "patchgen.milliseconds" $value | float64 -}}
{{- $min := get $least $key | default "0s" -}}
{{- if or (lt $ms (include "patchgen.milliseconds" $min | float64)) (gt $ms 2147483647.0) -}}
{{- $problems = append $problems (printf "%s must be a duration of at least %s and at most 24 days, got %v" $key $min $value) -}}
{{- end -}}
{{- end -}}
{{- $lease := include "patchgen.milliseconds" .Values.leaderElectionLeaseDuration | float64 -}}
{{- $renew := include "patchgen.milliseconds" .Values.leaderElectionRenewDeadline | float64 -}}
{{- $retry := include "patchgen.milliseconds" .Values.leaderElectionRetryPeriod | float64 -}}
{{- if le $lease $renew -}}
{{- $problems = append $problems (printf "leaderElectionLeaseDuration (%v) must be longer than leaderElectionRenewDeadline (%v)" .Values.leaderElectionLeaseDuration .Values.leaderElectionRenewDeadline) -}}
{{- end -}}
{{- if le $renew (mulf $retry 1.2) -}}
{{- $problems = append $problems (printf "leaderElectionRenewDeadline (%v) must be longer than 1.2 times leaderElectionRetryPeriod (%v)" .Values.leaderElectionRenewDeadline .Values.leaderElectionRetryPeriod) -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
