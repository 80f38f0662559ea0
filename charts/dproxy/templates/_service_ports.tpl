{{/*
Refuses a change of ports that the cluster would get wrong. Helm 3, and helm 4 for as long as a release is not applied on
the server's side, merges the ports of a Service by their number alone: where UDP and TCP share one, a new number takes
TCP away, and a new node port reaches UDP only. Takes `live` (the Service in the cluster, empty where there is none),
`ports` (those to come), `name`, and `helm` (its version).
*/}}
{{- define "dproxy.keepBothProtocols" -}}
{{- $had := dict -}}
{{- range (default (dict) .live.spec).ports -}}
{{- $_ := set $had (printf "%d/%s" (int .port) .protocol) (int (default 0 .nodePort)) -}}
{{- end -}}
{{- $have := dict -}}
{{- range .ports -}}
{{- $_ := set $have (printf "%d/%s" (int .port) .protocol) (int (default 0 .nodePort)) -}}
{{- end -}}
{{- $changed := ne (keys $had | sortAlpha | join " ") (keys $have | sortAlpha | join " ") -}}
{{- range $port, $node := $have -}}
{{- if and $node (ne $node (int (get $had $port))) -}}
{{- $changed = true -}}
{{- end -}}
{{- end -}}
{{- $applied := false -}}
{{- range (default (dict) .live.metadata).managedFields -}}
{{- if and (eq .manager "helm") (eq .operation "Apply") -}}
{{- $applied = true -}}
{{- end -}}
{{- end -}}
{{- $merged := or (hasPrefix "v3" .helm) (not $applied) -}}
{{- if and $had $changed $merged (gt (max (len $had) (len $have)) 1) -}}
{{- fail (printf "the ports of Service %s change (%s to %s), and this upgrade would merge them by number and lose a protocol. Delete the Service just before it (kubectl delete service %s; its address changes unless service.clusterIP names it); or use helm 4: first `helm upgrade --server-side=true --force-conflicts` with nothing changed, then this. With service.split from the start this never happens" .name (keys $had | sortAlpha | join " ") (keys $have | sortAlpha | join " ") .name) -}}
{{- end -}}
{{- end }}

{{/* The ports of one Service, as a list below `ports`. targetPort by name, so that no other value changes them. */}}
{{- define "dproxy.servicePorts" -}}
ports:
  {{- range $protocol := .protocols }}
  - name: {{ ternary "dns" "dns-tcp" (eq $protocol "udp") }}
    port: {{ $.service.port }}
    targetPort: {{ ternary "dns" "dns-tcp" (eq $protocol "udp") }}
    protocol: {{ upper $protocol }}
    {{- with get $.service.nodePorts $protocol }}
    nodePort: {{ . }}
    {{- end }}
  {{- end }}
{{- end }}
