{{/* DNS over HTTPS: with the certificate of `tls`, and without one behind a proxy that ends TLS. */}}

{{- define "dproxy.httpsSettings" -}}
{{- $settings := dict -}}
{{- if .Values.https.enabled -}}
{{- $port := int .Values.https.port -}}
{{- $settings = dict "listen_https" (printf "0.0.0.0:%d, [::]:%d" $port $port) -}}
{{- end -}}
{{ toJson $settings }}
{{- end }}

{{- define "dproxy.httpSettings" -}}
{{- $settings := dict -}}
{{- if .Values.http.enabled -}}
{{- $port := int .Values.http.port -}}
{{- $settings = dict "listen_http" (printf "0.0.0.0:%d, [::]:%d" $port $port) -}}
{{- end -}}
{{- with .Values.http.trustedProxies -}}
{{- $_ := set $settings "trusted_proxies" (join ", " .) -}}
{{- end -}}
{{ toJson $settings }}
{{- end }}

{{- define "dproxy.httpChecks" -}}
{{- if and .Values.https.enabled (not (include "dproxy.tlsSecret" .)) -}}
{{- fail "https.enabled is given and no certificate: give tls.existingSecret or tls.certificate too" -}}
{{- end -}}
{{- if and .Values.http.trustedProxies (not (or .Values.http.enabled .Values.https.enabled)) -}}
{{- fail "http.trustedProxies is given, and neither http.enabled nor https.enabled: nobody would ask for others" -}}
{{- end -}}
{{- if and .Values.http.ingress.enabled (not .Values.http.enabled) -}}
{{- fail "http.ingress.enabled needs http.enabled: the Ingress leads to its Service" -}}
{{- end -}}
{{- range $key, $value := dict "listen_https" "https" "listen_http" "http" -}}
{{- $said := default "off" (get $.Values.settings $key) -}}
{{- if ne $said "off" -}}
{{- fail (printf "settings.%s is given, and no Service would lead there: give %s.enabled instead" $key $value) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.http.trustedProxies .Values.settings.trusted_proxies -}}
{{- fail "http.trustedProxies and settings.trusted_proxies are both given: leave the setting out" -}}
{{- end -}}
{{- $taken := dict (include "dproxy.port" .) "settings.port" (include "dproxy.adminPort" .) "settings.admin" -}}
{{- if include "dproxy.tlsSecret" . -}}
{{- $_ := set $taken (toString (int .Values.tls.port)) "tls.port" -}}
{{- end -}}
{{- range $key := list "https" "http" -}}
{{- if (get $.Values $key).enabled -}}
{{- $port := toString (int (get $.Values $key).port) -}}
{{- if hasKey $taken $port -}}
{{- fail (printf "%s.port is %s, which is the port of %s too" $key $port (get $taken $port)) -}}
{{- end -}}
{{- $_ := set $taken $port (print $key ".port") -}}
{{- end -}}
{{- end -}}
{{- if .Values.https.enabled -}}
{{- range $key := list "port" "tlsPort" -}}
{{- if eq (int $.Values.service.httpsPort) (int (get $.Values.service $key)) -}}
{{- fail (printf "service.httpsPort is %d, which is service.%s too" (int $.Values.service.httpsPort) $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
