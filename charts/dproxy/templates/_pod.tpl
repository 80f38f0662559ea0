{{/* Pods: what they have in common, and that of dproxy itself, for both kinds. */}}

{{/* Of every pod of the chart. Without enableServiceLinks a Service named dproxy would set DPROXY_PORT=udp://... */}}
{{- define "dproxy.podBase" -}}
enableServiceLinks: false
automountServiceAccountToken: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Of every container of the chart that runs dproxy. */}}
{{- define "dproxy.containerBase" -}}
image: {{ include "dproxy.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A volume's name, of a ConfigMap's name: that may be longer than a volume's, and hold dots. */}}
{{- define "dproxy.volumeName" -}}
routes-{{ sha256sum . | trunc 12 }}
{{- end }}

{{/* existingConfigMaps as `[{name, names, secrets}]`; of a plain name, without the other two. */}}
{{- define "dproxy.configMaps" -}}
{{- $all := list -}}
{{- range .Values.existingConfigMaps -}}
{{- $all = append $all (kindIs "string" . | ternary (dict "name" .) .) -}}
{{- end -}}
{{ toJson $all }}
{{- end }}

{{/* Whole directories, never subPath: such a mount never sees a change. */}}
{{- define "dproxy.routeMounts" -}}
- name: routes
  mountPath: /etc/dproxy/routes
  readOnly: true
{{- range include "dproxy.configMaps" . | fromJsonArray }}
- name: {{ include "dproxy.volumeName" .name }}
  mountPath: /etc/dproxy/routes/{{ .name }}
  readOnly: true
{{- end }}
{{- end }}

{{- define "dproxy.routeVolumes" -}}
- name: routes
  {{- include "dproxy.routeSource" (dict "name" .routes "secrets" .Values.routeSecrets) | nindent 2 }}
{{- range include "dproxy.configMaps" . | fromJsonArray }}
- name: {{ include "dproxy.volumeName" .name }}
  {{- include "dproxy.routeSource" (dict "name" .name "secrets" .secrets "optional" true) | nindent 2 }}
{{- end }}
{{- end }}

{{/* A ConfigMap of routes, and `secrets` beside it: one volume, so that the kubelet swaps all of it at once. */}}
{{- define "dproxy.routeSource" -}}
{{- if .secrets -}}
projected:
  sources:
    - configMap:
        {{- include "dproxy.routeConfigMap" . | nindent 8 }}
    {{- range .secrets }}
    - secret:
        name: {{ .name }}
        optional: true
        items:
          {{- range $key, $file := .files }}
          - key: {{ $key | quote }}
            path: {{ $file | quote }}
          {{- end }}
    {{- end }}
{{- else -}}
configMap:
  {{- include "dproxy.routeConfigMap" . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "dproxy.routeConfigMap" -}}
name: {{ .name }}
{{- if .optional }}
optional: true
{{- end }}
{{- end }}

{{- define "dproxy.probes" -}}
startupProbe:
  httpGet:
    path: /livez
    port: admin
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  httpGet:
    path: /readyz
    port: admin
  {{- toYaml .Values.readinessProbe | nindent 2 }}
livenessProbe:
  httpGet:
    path: /livez
    port: admin
  {{- toYaml .Values.livenessProbe | nindent 2 }}
  # A stopped process ignores SIGTERM; without this it would have the pod's whole grace period.
  terminationGracePeriodSeconds: 5
{{- end }}

{{- define "dproxy.container" -}}
- name: dproxy
  {{- include "dproxy.containerBase" . | nindent 2 }}
  env:
    {{- include "dproxy.environment" (dict "Values" .Values "tls" true) | trim | nindent 4 }}
  ports:
    - name: dns
      containerPort: {{ include "dproxy.port" . }}
      protocol: UDP
    - name: dns-tcp
      containerPort: {{ include "dproxy.port" . }}
      protocol: TCP
    {{- if include "dproxy.tlsSecret" . }}
    - name: dns-over-tls
      containerPort: {{ .Values.tls.port }}
      protocol: TCP
    {{- end }}
    {{- if .Values.https.enabled }}
    - name: dns-over-https
      containerPort: {{ .Values.https.port }}
      protocol: TCP
    {{- end }}
    {{- if .Values.http.enabled }}
    - name: dns-over-http
      containerPort: {{ .Values.http.port }}
      protocol: TCP
    {{- end }}
    - name: admin
      containerPort: {{ include "dproxy.adminPort" . }}
      protocol: TCP
  {{- include "dproxy.probes" . | nindent 2 }}
  {{- with .Values.preStopSeconds }}
  lifecycle:
    preStop:
      sleep:
        seconds: {{ . }}
  {{- end }}
  volumeMounts:
    {{- include "dproxy.routeMounts" . | nindent 4 }}
    {{- with include "dproxy.tlsMounts" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- if .Values.discovery.enabled }}
    - name: discovered
      mountPath: /etc/dproxy/routes/discovered
      readOnly: true
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{- define "dproxy.spread" -}}
{{- $own := dict "labelSelector" (dict "matchLabels" (include "dproxy.selectorLabels" . | fromYaml)) -}}
{{- $own = merge $own (dict "matchLabelKeys" (list "pod-template-hash")) -}}
{{- range .Values.topologySpreadConstraints }}
- {{ toYaml (merge (dict) . $own) | nindent 2 | trim }}
{{- end }}
{{- end }}

{{- define "dproxy.podTemplate" -}}
metadata:
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- /* Without the chart's version: a new chart alone restarts nothing. */}}
  labels:
    {{- include "dproxy.selectorLabels" . | nindent 4 }}
    {{- with .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "dproxy.serviceAccountName" . }}
  {{- include "dproxy.podBase" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ include "dproxy.text" .Values.terminationGracePeriodSeconds }}
  {{- if .Values.hostNetwork }}
  hostNetwork: true
  {{- end }}
  dnsPolicy: {{ default (ternary "ClusterFirstWithHostNet" "ClusterFirst" .Values.hostNetwork) .Values.dnsPolicy }}
  {{- with .Values.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if and .Values.topologySpreadConstraints (eq .Values.kind "Deployment") }}
  topologySpreadConstraints:
    {{- include "dproxy.spread" . | trim | nindent 4 }}
  {{- end }}
  {{- if .Values.discovery.enabled }}
  initContainers:
    {{- include "dproxy.discoveryContainers" . | nindent 4 }}
  {{- end }}
  containers:
    {{- include "dproxy.container" . | nindent 4 }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "dproxy.routeVolumes" (dict "Values" .Values "routes" (include "dproxy.fullname" .)) | nindent 4 }}
    {{- with include "dproxy.tlsVolumes" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- if .Values.discovery.enabled }}
    {{- include "dproxy.discoveryVolumes" . | nindent 4 }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
