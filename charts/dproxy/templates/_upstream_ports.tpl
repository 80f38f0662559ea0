{{/* Ports of upstreams, separated by blanks: 53, those of `routes` and `settings.masterupstream`, and
     `networkPolicy.upstreamPorts`. A port too many opens nothing that matters; one too few cuts off an upstream. */}}
{{- define "dproxy.upstreamPorts" -}}
{{- $ports := list 53 -}}
{{- $targets := list (toString (default "" .Values.settings.masterupstream)) -}}
{{- range $text := values .Values.routes -}}
{{- range regexFindAll "(?mi)^[ \\t]*port[ \\t]*=[ \\t]*\"?[0-9]+" $text -1 -}}
{{- $ports = append $ports (regexFind "[0-9]+$" . | atoi) -}}
{{- end -}}
{{- range regexFindAll "(?mi)^[ \\t]*protocol[ \\t]*=[ \\t]*\"?(tls|https)" $text -1 -}}
{{- $ports = append $ports (ternary 443 853 (hasSuffix "https" (lower .))) -}}
{{- end -}}
{{- $targets = concat $targets (regexFindAll "(?mi)^[ \\t]*address[ \\t]*=[^#;\\r\\n]*" $text -1) -}}
{{- end -}}
{{- range $target := $targets -}}
{{- range regexFindAll "[\\]0-9a-zA-Z]:[0-9]+([ ,\"\\t]|$)" $target -1 -}}
{{- $ports = append $ports (regexFind "[0-9]+" (regexFind ":[0-9]+" .) | atoi) -}}
{{- end -}}
{{- end -}}
{{- range .Values.networkPolicy.upstreamPorts -}}
{{- $ports = append $ports (int .) -}}
{{- end -}}
{{- $padded := list -}}
{{- range uniq $ports -}}
{{- $padded = append $padded (printf "%05d" .) -}}
{{- end -}}
{{- $sorted := list -}}
{{- range sortAlpha $padded -}}
{{- $sorted = append $sorted (atoi .) -}}
{{- end -}}
{{ join " " $sorted }}
{{- end }}
