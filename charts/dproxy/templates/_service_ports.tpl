{{/*
Refuses a change of ports that the cluster would get wrong. Helm 3, and helm 4 for as long as a release is not applied on
the server's side, merges the ports of a Service by their number alone: where UDP and TCP share one, a new number takes
TCP away, and a new node port reaches UDP only. A number that has one protocol before and after comes and goes as it
should, as that of TLS does. Takes `live` (the Service in the cluster, empty where there is none),
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
{{- $live := gt (len $had) 0 -}}
{{- $shared := list -}}
{{- range $number := concat (keys $had) (keys $have) -}}
{{- $number = first (splitList "/" $number) -}}
{{- range $side := list $had $have -}}
{{- if and (hasKey $side (print $number "/UDP")) (hasKey $side (print $number "/TCP")) -}}
{{- $shared = append $shared $number -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $side := list $had $have -}}
{{- range $key := keys $side -}}
{{- if not (has (first (splitList "/" $key)) $shared) -}}
{{- $_ := unset $side $key -}}
{{- end -}}
{{- end -}}
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
{{- if and $live $changed $merged -}}
{{- fail (printf "the ports of Service %s change (%s to %s), and this upgrade would merge them by number and lose a protocol. Delete the Service just before it (kubectl delete service %s; its address changes unless service.clusterIP names it); or use helm 4: first `helm upgrade --server-side=true --force-conflicts` with nothing changed, then this. With service.split from the start this never happens" .name (keys $had | sortAlpha | join " ") (keys $have | sortAlpha | join " ") .name) -}}
{{- end -}}
{{- end }}

{{/* The ports of one Service, as a list below `ports`. targetPort by name, so that no other value changes them. */}}
{{- define "dproxy.servicePorts" -}}
ports:
  {{- range $transport := .transports }}
  {{- $name := get (dict "udp" "dns" "tcp" "dns-tcp" "tls" "dns-over-tls" "https" "dns-over-https") $transport }}
  - name: {{ $name }}
    port: {{ get $.service (get (dict "tls" "tlsPort" "https" "httpsPort") $transport | default "port") }}
    targetPort: {{ $name }}
    protocol: {{ ternary "UDP" "TCP" (eq $transport "udp") }}
    {{- with get $.service.nodePorts $transport }}
    nodePort: {{ . }}
    {{- end }}
  {{- end }}
{{- end }}
