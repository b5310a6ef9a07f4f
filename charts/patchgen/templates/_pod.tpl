{{/* Pod Security "restricted", and more: no part of it can be weakened by values. */}}
{{- define "patchgen.podSecurityContext" -}}
runAsNonRoot: true
{{- with .Values.podSecurityContext.runAsUser }}
runAsUser: {{ int64 . }}
{{- end }}
{{- with .Values.podSecurityContext.runAsGroup }}
runAsGroup: {{ int64 . }}
{{- end }}
{{- with .Values.podSecurityContext.fsGroup }}
fsGroup: {{ int64 . }}
fsGroupChangePolicy: {{ $.Values.podSecurityContext.fsGroupChangePolicy }}
{{- end }}
{{- with .Values.podSecurityContext.supplementalGroups }}
supplementalGroups:
  {{- range . }}
  - {{ int64 . }}
  {{- end }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "patchgen.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "patchgen.volumes" -}}
- name: packages
  {{- if eq .Values.persistence.mode "emptyDir" }}
  emptyDir:
    sizeLimit: {{ .Values.persistence.size }}
  {{- else }}
  persistentVolumeClaim:
    claimName: {{ include "patchgen.claimName" . }}
  {{- end }}
# What the kubelet would mount by itself for every container; here it is for the operator alone.
- name: service-account
  projected:
    # 0444
    defaultMode: 292
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                apiVersion: v1
                fieldPath: metadata.namespace
{{- end -}}

{{- define "patchgen.probes" -}}
# A slow node gets a minute to start the process; from then on an answer within 30 s shows that it is alive.
startupProbe:
  httpGet:
    path: /healthz
    port: probes
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 30
livenessProbe:
  httpGet:
    path: /healthz
    port: probes
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
# A pod that stands by is ready too. What is not ready is told at once, because rollouts wait for it.
readinessProbe:
  httpGet:
    path: /readyz
    port: probes
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end -}}
