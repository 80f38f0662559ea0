{{/* DNS over TLS: which Secrets, where they are mounted, and the settings that name them. */}}

{{/* The Secret of the certificate; empty: nobody is answered over TLS. */}}
{{- define "dproxy.tlsSecret" -}}
{{- if .Values.tls.certificate.enabled -}}
{{ include "dproxy.fullname" . }}-tls
{{- else -}}
{{ .Values.tls.existingSecret }}
{{- end -}}
{{- end }}

{{/* Those that are mounted, as `[{secret, volume, folder}]`. */}}
{{- define "dproxy.tlsSecrets" -}}
{{- $all := list -}}
{{- with include "dproxy.tlsSecret" . -}}
{{- $all = append $all (dict "secret" . "volume" "tls" "folder" "/etc/dproxy/tls") -}}
{{- end -}}
{{- with .Values.tls.clientCA -}}
{{- $all = append $all (dict "secret" . "volume" "tls-client-ca" "folder" "/etc/dproxy/tls-client-ca") -}}
{{- end -}}
{{- with .Values.tls.ticketKeys -}}
{{- $all = append $all (dict "secret" . "volume" "tls-ticket-keys" "folder" "/etc/dproxy/tls-ticket-keys") -}}
{{- end -}}
{{ toJson $all }}
{{- end }}

{{- define "dproxy.tlsSettings" -}}
{{- $settings := dict -}}
{{- if or .Values.tls.existingSecret .Values.tls.certificate.enabled -}}
{{- $port := int .Values.tls.port -}}
{{- $settings = dict "listen_tls" (printf "0.0.0.0:%d, [::]:%d" $port $port) -}}
{{- $_ := set $settings "tls_cert" "/etc/dproxy/tls/tls.crt" -}}
{{- $_ := set $settings "tls_key" "/etc/dproxy/tls/tls.key" -}}
{{- if .Values.tls.clientCA -}}
{{- $_ := set $settings "tls_client_ca" "/etc/dproxy/tls-client-ca/ca.crt" -}}
{{- end -}}
{{- if .Values.tls.ticketKeys -}}
{{- $_ := set $settings "tls_ticket_keys" "/etc/dproxy/tls-ticket-keys/ticket.key" -}}
{{- end -}}
{{- end -}}
{{ toJson $settings }}
{{- end }}

{{/* Whole directories, never subPath: such a mount never sees a new certificate. */}}
{{- define "dproxy.tlsMounts" -}}
{{- range include "dproxy.tlsSecrets" . | fromJsonArray }}
- name: {{ .volume }}
  mountPath: {{ .folder }}
  readOnly: true
{{- end }}
{{- end }}

{{/* Optional, so that everything else is answered while the Secret is not there yet. */}}
{{- define "dproxy.tlsVolumes" -}}
{{- range include "dproxy.tlsSecrets" . | fromJsonArray }}
- name: {{ .volume }}
  secret:
    secretName: {{ .secret }}
    optional: true
{{- end }}
{{- end }}

{{- define "dproxy.tlsChecks" -}}
{{- $tls := .Values.tls -}}
{{- $secret := include "dproxy.tlsSecret" . -}}
{{- if and $tls.existingSecret $tls.certificate.enabled -}}
{{- fail "tls: existingSecret and certificate.enabled are both given: the certificate is that of one Secret" -}}
{{- end -}}
{{- if $tls.certificate.enabled -}}
{{- if not $tls.certificate.issuerRef.name -}}
{{- fail "tls.certificate.enabled needs tls.certificate.issuerRef.name: the Issuer or ClusterIssuer of cert-manager" -}}
{{- end -}}
{{- if not (or $tls.certificate.dnsNames $tls.certificate.ipAddresses) -}}
{{- fail "tls.certificate.enabled needs tls.certificate.dnsNames (or ipAddresses): what clients verify" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.tests.tls.authoritySecret (not .Values.tests.tls.name) -}}
{{- fail "tests.tls.authoritySecret is given and no tests.tls.name: the name that the certificate must be for" -}}
{{- end -}}
{{- if not $secret -}}
{{- range $key := list "clientCA" "ticketKeys" -}}
{{- if get $tls $key -}}
{{- fail (printf "tls.%s is given and no certificate: give tls.existingSecret or tls.certificate too" $key) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.settings.listen_tls (ne .Values.settings.listen_tls "off") -}}
{{- fail "settings.listen_tls is given and no Secret, so no Service would lead there: give tls.existingSecret or tls.certificate instead" -}}
{{- end -}}
{{- else -}}
{{- $own := include "dproxy.tlsSettings" . | fromJson -}}
{{- range $key := list "listen_tls" "tls_cert" "tls_key" "tls_client_ca" "tls_ticket_keys" -}}
{{- if and (hasKey $.Values.settings $key) (hasKey $own $key) -}}
{{- fail (printf "tls and settings.%s are both given: tls says it for the pods, the Service and the mounts together; leave the setting out" $key) -}}
{{- end -}}
{{- end -}}
{{- range $what, $port := dict "settings.port" (include "dproxy.port" .) "settings.admin" (include "dproxy.adminPort" .) -}}
{{- if eq (toString (int $tls.port)) $port -}}
{{- fail (printf "tls.port is %s, which is the port of %s too" $port $what) -}}
{{- end -}}
{{- end -}}
{{- if eq (int .Values.service.tlsPort) (int .Values.service.port) -}}
{{- fail (printf "service.tlsPort is %d, which is service.port too" (int .Values.service.port)) -}}
{{- end -}}
{{- end -}}
{{- end }}
