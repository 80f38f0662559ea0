{{/* The watching sidecar of `discovery`: the only containers that have a token. */}}

{{- define "dproxy.discoveryContainer" -}}
image: {{ include "dproxy.imageOf" (dict "image" .Values.discovery.image "tag" "") }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - name: discovered
    mountPath: /discovered
  - name: discovery-tmp
    mountPath: /tmp
  - name: discovery-token
    mountPath: /var/run/secrets/kubernetes.io/serviceaccount
    readOnly: true
{{- end }}

{{- define "dproxy.discoveryEnvironment" -}}
- name: METHOD
  value: {{ .method }}
- name: LABEL
  value: {{ .Values.discovery.label | quote }}
{{- with .Values.discovery.labelValue }}
- name: LABEL_VALUE
  value: {{ . | quote }}
{{- end }}
- name: RESOURCE
  value: configmap
- name: FOLDER
  value: /discovered
- name: UNIQUE_FILENAMES
  value: "true"
# Its default is 8080, which is dproxy's.
- name: HEALTH_PORT
  value: "8081"
{{- end }}

{{/* Once before dproxy starts, so that it begins with all routes; then for as long as the pod lives. */}}
{{- define "dproxy.discoveryContainers" -}}
- name: discovery-first
  {{- include "dproxy.discoveryContainer" . | nindent 2 }}
  env:
    {{- include "dproxy.discoveryEnvironment" (dict "Values" .Values "method" "LIST") | nindent 4 }}
- name: discovery
  restartPolicy: Always
  {{- include "dproxy.discoveryContainer" . | nindent 2 }}
  env:
    {{- include "dproxy.discoveryEnvironment" (dict "Values" .Values "method" "WATCH") | nindent 4 }}
{{- end }}

{{- define "dproxy.discoveryVolumes" -}}
- name: discovered
  emptyDir: {}
- name: discovery-tmp
  emptyDir: {}
- name: discovery-token
  projected:
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
                fieldPath: metadata.namespace
{{- end }}
