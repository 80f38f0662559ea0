{{/* What a schema cannot say: values that do not go together. */}}
{{- define "dproxy.checks" -}}
{{- $drain := include "dproxy.drainMilliseconds" . | int64 -}}
{{- $notice := add (mul (int64 .Values.readinessProbe.periodSeconds) (int64 .Values.readinessProbe.failureThreshold)) 3 -}}
{{- if gt (mul $notice 1000) $drain -}}
{{- fail (printf "readinessProbe: periodSeconds x failureThreshold + 3 s is %d s, more than settings.drain (%d ms): clients with fixed ports would lose queries at each rollout. Probe sooner, or set settings.drain to %ds" $notice $drain $notice) -}}
{{- end -}}
{{- $ending := add (div (add $drain 999) 1000) (int64 .Values.preStopSeconds) 5 -}}
{{- if gt $ending (int64 .Values.terminationGracePeriodSeconds) -}}
{{- fail (printf "terminationGracePeriodSeconds is %d: preStopSeconds + settings.drain + 5 s is %d s, so pods would be killed while they drain" (int64 .Values.terminationGracePeriodSeconds) $ending) -}}
{{- end -}}
{{- $admin := default "" .Values.settings.admin -}}
{{- if or (eq $admin "off") (regexMatch "^(127\\.|\\[::1\\])" $admin) -}}
{{- fail (printf "settings.admin is %q: probes and scrapers reach it by the pod's address, such as [::]:8080" $admin) -}}
{{- end -}}
{{- if and .Values.settings.listen (not .Values.settings.port) -}}
{{- fail "settings.listen needs settings.port too: the port of it that the Service leads to" -}}
{{- end -}}
{{- if .Values.autoscaling.enabled -}}
{{- if eq .Values.kind "DaemonSet" -}}
{{- fail "autoscaling.enabled: a DaemonSet has a pod on each node and cannot be scaled; use kind: Deployment" -}}
{{- end -}}
{{- if not (default (dict) .Values.resources.requests).cpu -}}
{{- fail "autoscaling.enabled needs resources.requests.cpu: use is measured in percent of it" -}}
{{- end -}}
{{- if gt (int64 .Values.autoscaling.minReplicas) (int64 .Values.autoscaling.maxReplicas) -}}
{{- fail (printf "autoscaling: minReplicas is %d, more than maxReplicas (%d)" (int64 .Values.autoscaling.minReplicas) (int64 .Values.autoscaling.maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- $surge := toString (default "0" (default (dict) .Values.updateStrategy.rollingUpdate).maxSurge) -}}
{{- if and .Values.hostNetwork (not (has $surge (list "0" "0%"))) -}}
{{- fail (printf "updateStrategy.rollingUpdate.maxSurge is %s: with hostNetwork a node has no room for a second pod on the same ports; use maxSurge: 0, maxUnavailable: 1" $surge) -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled -}}
{{- fail "metrics: serviceMonitor and podMonitor would scrape each pod twice; enable one" -}}
{{- end -}}
{{- if and .Values.service.split .Values.service.clusterIP (ne .Values.service.clusterIP "None") -}}
{{- fail "service.split: two Services cannot have one clusterIP; leave it out" -}}
{{- end -}}
{{- if and .Values.service.split .Values.service.nodePorts.udp (eq (toString .Values.service.nodePorts.udp) (toString .Values.service.nodePorts.tcp)) -}}
{{- fail "service.split: two Services cannot share a node port; give nodePorts.udp and nodePorts.tcp two numbers" -}}
{{- end -}}
{{- if and .Values.cookieSecret .Values.settings.cookie_secret -}}
{{- fail "cookieSecret and settings.cookie_secret are both given: keep the Secret alone, as settings are there to be read" -}}
{{- end -}}
{{- include "dproxy.tlsChecks" . -}}
{{- include "dproxy.httpChecks" . -}}
{{- $ending := default ".prox" .Values.settings.upstreamextension -}}
{{- $texts := values .Values.routes | join "\n" -}}
{{- range $name := keys .Values.routes -}}
{{- $named := printf "(?mi)^[ \\t]*patterns[ \\t]*=[ \\t]*\"?\\Q%s\\E" $name -}}
{{- if not (or (hasSuffix $ending $name) (regexMatch $named $texts)) -}}
{{- fail (printf "routes: the name of `%s` does not end in %s, and no section names it by `patterns`, so nothing would read it" $name $ending) -}}
{{- end -}}
{{- end -}}
{{- include "dproxy.secretChecks" (dict "where" "routeSecrets" "files" (keys .Values.routes) "secrets" .Values.routeSecrets) -}}
{{- $names := list -}}
{{- range include "dproxy.configMaps" . | fromJsonArray -}}
{{- if has .name $names -}}
{{- fail (printf "existingConfigMaps: `%s` stands twice" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- $where := printf "existingConfigMaps: `%s`" .name -}}
{{- include "dproxy.secretChecks" (dict "where" $where "files" (list) "secrets" .secrets) -}}
{{- end -}}
{{- if and .Values.discovery.enabled (has "discovered" $names) -}}
{{- fail "existingConfigMaps: the name `discovered` is the folder of discovery.enabled" -}}
{{- end -}}
{{- if and .Values.discovery.enabled (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "discovery.enabled needs a ServiceAccount of its own: serviceAccount.create, or the name of one that exists" -}}
{{- end -}}
{{- end }}

{{/* Of two files of one name one would win, and nobody would say so. Takes `where` it stands, the `files` that are there
     already, and `secrets`. */}}
{{- define "dproxy.secretChecks" -}}
{{- $files := .files -}}
{{- range $secret := .secrets -}}
{{- range $file := values $secret.files -}}
{{- if has $file $files -}}
{{- fail (printf "%s: the file `%s` of the Secret `%s` is there already" $.where $file $secret.name) -}}
{{- end -}}
{{- $files = append $files $file -}}
{{- end -}}
{{- end -}}
{{- end }}
