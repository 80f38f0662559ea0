{{/* Names, labels and images. */}}

{{- define "dproxy.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 56 | trimSuffix "-" }}
{{- end }}

{{/* At most 56 characters, so that the longest ending ("-metrics") stays within 63 + 1. */}}
{{- define "dproxy.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 55 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 55 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 55 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{/* What Services, disruption budgets and the like select by; never changes in a release's life. */}}
{{- define "dproxy.selectorLabels" -}}
app.kubernetes.io/name: {{ include "dproxy.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of objects, less the name. */}}
{{- define "dproxy.otherLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | replace "+" "_" | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "dproxy.labels" -}}
{{ include "dproxy.selectorLabels" . }}
{{ include "dproxy.otherLabels" . }}
{{- end }}

{{/* Pods of tests and hooks carry another name, else the Service would lead to them. */}}
{{- define "dproxy.testLabels" -}}
app.kubernetes.io/name: {{ include "dproxy.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{ include "dproxy.otherLabels" . }}
{{- end }}

{{- define "dproxy.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "dproxy.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end }}

{{/* The address of an image: {repository, tag, digest}, and the tag where none stands. */}}
{{- define "dproxy.imageOf" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ default .tag .image.tag }}
{{- end -}}
{{- end }}

{{- define "dproxy.image" -}}
{{ include "dproxy.imageOf" (dict "image" .Values.image "tag" .Chart.AppVersion) }}
{{- end }}
