{{/* Settings of dproxy: as environment, and what the objects around it must know of them. */}}

{{/* A value as text. Numbers of a values file are floating point, which would print 2e+06. */}}
{{- define "dproxy.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}
{{ int64 . }}
{{- else -}}
{{ toString . }}
{{- end -}}
{{- end }}

{{/* Which directory may name what: `settings.owners`, and the names of each of existingConfigMaps. */}}
{{- define "dproxy.owners" -}}
{{- $pairs := list -}}
{{- with .Values.settings.owners -}}
{{- $pairs = append $pairs . -}}
{{- end -}}
{{- range $one := include "dproxy.configMaps" . | fromJsonArray -}}
{{- range $one.names -}}
{{- $pairs = append $pairs (printf "%s=%s" $one.name .) -}}
{{- end -}}
{{- end -}}
{{ join ", " $pairs }}
{{- end }}

{{/* Takes `Values`, and `tls`: whether what `tls` of the values asks for is among it. */}}
{{- define "dproxy.environment" -}}
{{- $settings := merge (dict) .Values.settings (dict "workers" (include "dproxy.workers" .)) -}}
{{- if .tls -}}
{{- $settings = merge $settings (include "dproxy.tlsSettings" . | fromJson) (include "dproxy.httpsSettings" . | fromJson) -}}
{{- end -}}
{{- $settings = merge $settings (include "dproxy.httpSettings" . | fromJson) -}}
{{- with include "dproxy.owners" . -}}
{{- $settings = merge (dict "owners" .) $settings -}}
{{- end -}}
{{- range $key := keys $settings | sortAlpha }}
- name: DPROXY_{{ upper $key }}
  value: {{ include "dproxy.text" (get $settings $key) | quote }}
{{- end }}
{{- with .Values.cookieSecret }}
- name: DPROXY_COOKIE_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: cookie_secret
{{- end }}
{{- end }}

{{/* Whole CPUs of the limit, else of the request, rounded up; else 2. */}}
{{- define "dproxy.workers" -}}
{{- $requests := default (dict) .Values.resources.requests -}}
{{- $limits := default (dict) .Values.resources.limits -}}
{{- $cpu := include "dproxy.text" (default (default "2" $requests.cpu) $limits.cpu) -}}
{{- if hasSuffix "m" $cpu -}}
{{ max 1 (int64 (ceil (divf (trimSuffix "m" $cpu | float64) 1000.0))) }}
{{- else -}}
{{ max 1 (int64 (ceil (float64 $cpu))) }}
{{- end -}}
{{- end }}

{{/* A duration of dproxy in milliseconds. */}}
{{- define "dproxy.milliseconds" -}}
{{- $number := regexFind "^[0-9]+" . | atoi -}}
{{- if hasSuffix "ms" . -}}
{{ $number }}
{{- else if hasSuffix "m" . -}}
{{ mul $number 60000 }}
{{- else -}}
{{ mul $number 1000 }}
{{- end -}}
{{- end }}

{{- define "dproxy.drainMilliseconds" -}}
{{ include "dproxy.milliseconds" (default "5s" .Values.settings.drain) }}
{{- end }}

{{/* The port of the pods; 1053 is the image's. With `listen`, `port` says which of its ports the Service leads to. */}}
{{- define "dproxy.port" -}}
{{ include "dproxy.text" (default "1053" .Values.settings.port) }}
{{- end }}

{{- define "dproxy.adminPort" -}}
{{ regexFind "[0-9]+$" (default "[::]:8080" .Values.settings.admin) }}
{{- end }}
