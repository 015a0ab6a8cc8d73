{{- define "iti.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* A release named like the chart is not named twice. 40 characters leave room for "-workers-POOL" within 63. */}}
{{- define "iti.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "iti.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "iti.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a selector holds never changes between versions. */}}
{{- define "iti.selector" -}}
app.kubernetes.io/name: {{ include "iti.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "iti.labels" -}}
{{ include "iti.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "iti.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* (list root "bot") */}}
{{- define "iti.account" -}}
{{- $root := index . 0 -}}{{- $who := index . 1 -}}
{{- if $root.Values.serviceAccounts.create -}}
{{ include "iti.fullname" $root }}-{{ $who }}
{{- else -}}
{{ required (printf "serviceAccounts.%s: name the existing ServiceAccount, or set serviceAccounts.create" $who) (get $root.Values.serviceAccounts $who) }}
{{- end -}}
{{- end -}}

{{/* Both processes read the cluster: the bot finds the path of a question, the workers look. */}}
{{- define "iti.subjects" -}}
{{- if .Values.bot.enabled }}
- kind: ServiceAccount
  name: {{ include "iti.account" (list . "bot") }}
  namespace: {{ .Release.Namespace }}
{{- end }}
- kind: ServiceAccount
  name: {{ include "iti.account" (list . "workers") }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* The inventory, watching no more namespaces than the roles allow, with the name that this cluster was given. */}}
{{- define "iti.inventory" -}}
{{- $inventory := deepCopy .Values.inventory -}}
{{- if kindIs "map" $inventory.kubernetes -}}
{{- if and .Values.rbac.namespaces (not $inventory.kubernetes.namespaces) -}}
{{- $_ := set $inventory.kubernetes "namespaces" .Values.rbac.namespaces -}}
{{- end -}}
{{- if eq (include "iti.named" .) "yes" -}}
{{- $_ := set $inventory.kubernetes "kubeconfig" "/config/kubeconfig" -}}
{{- $_ := set $inventory.kubernetes "context" .Values.clusterName -}}
{{- end -}}
{{- end -}}
{{ toYaml $inventory }}
{{- end -}}

{{/* yes: the cluster it runs in, under a name. A kubeconfig of your own names its cluster itself. */}}
{{- define "iti.named" -}}
{{- $kubernetes := .Values.inventory.kubernetes -}}
{{- if and .Values.clusterName (kindIs "map" $kubernetes) -}}
{{- if not $kubernetes.kubeconfig -}}yes{{- end -}}
{{- end -}}
{{- end -}}

{{/* CONFIG; in http mode the bot listens on slack.port. */}}
{{- define "iti.config" -}}
{{ toYaml .Values.config }}
{{- end -}}

{{- define "iti.slackPort" -}}
{{- dig "slack" "port" 3000 .Values.config -}}
{{- end -}}

{{/* The port for alerts, as CONFIG has it; empty: no alert comes in. */}}
{{- define "iti.alertPort" -}}
{{- with .Values.config.alertmanager -}}
{{- dig "port" 9095 . -}}
{{- end -}}
{{- end -}}

{{- define "iti.redisEnv" -}}
{{- $embedded := .Values.redis.embedded -}}
{{- if $embedded.enabled -}}
{{- if $embedded.passwordSecret.name }}
- name: REDIS_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ $embedded.passwordSecret.name | quote }}, key: {{ $embedded.passwordSecret.key | quote }} } }
{{- end }}
- name: REDIS_URL
  value: {{ printf "redis://%s%s-redis:6379" (ternary ":$(REDIS_PASSWORD)@" "" (ne $embedded.passwordSecret.name "")) (include "iti.fullname" .) | quote }}
{{- else if .Values.redis.external.existingSecret.name }}
- name: REDIS_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.redis.external.existingSecret.name | quote }}, key: {{ .Values.redis.external.existingSecret.key | quote }} } }
{{- else }}
- name: REDIS_URL
  value: {{ required "redis.external.url or redis.external.existingSecret.name: say where Redis is, or set redis.embedded.enabled" .Values.redis.external.url | quote }}
{{- end -}}
{{- end -}}

{{/* No root, no capability, no write: the same for every container here. */}}
{{- define "iti.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/*
One process: (dict "root" $ "name" "bot" "component" "bot" "account" … "replicas" … "resources" … "pod" … "env" …).
*/}}
{{- define "iti.deployment" -}}
{{- $root := .root -}}
{{- $pod := mergeOverwrite (deepCopy $root.Values.podDefaults) (default dict .pod) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "iti.fullname" $root }}-{{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "iti.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  replicas: {{ .replicas }}
  # A new one is ready before an old one goes; old ones end what they do within 15 s, and what is left is taken over.
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  selector:
    matchLabels:
      {{- include "iti.selector" $root | nindent 6 }}
      {{- .podLabels | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "iti.selector" $root | nindent 8 }}
        {{- .podLabels | nindent 8 }}
        is-it-the-ingress/metrics: "true"
        {{- with $pod.labels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        # CONFIG is read once, at the start. The inventory is read again by itself.
        checksum/config: {{ include "iti.config" $root | sha256sum }}
        {{- with $pod.annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ .account }}
      # Needed to read the cluster; Slack tokens and Redis need none.
      automountServiceAccountToken: true
      enableServiceLinks: false
      terminationGracePeriodSeconds: 20
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile: { type: RuntimeDefault }
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $pod.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $pod.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $pod.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $pod.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- if $pod.topologySpreadConstraints }}
        {{- toYaml $pod.topologySpreadConstraints | nindent 8 }}
        {{- else }}
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "iti.selector" $root | nindent 14 }}
              {{- .podLabels | nindent 14 }}
        {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "iti.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [{{ .command }}]
          env:
            {{- include "iti.redisEnv" $root | trim | nindent 12 }}
            - { name: INVENTORY, value: /config/inventory.yaml }
            - { name: CONFIG, value: /config/config.yaml }
            - { name: METRICS_PORT, value: "9464" }
            - { name: LOG_LEVEL, value: {{ $root.Values.logLevel }} }
            {{- with .env }}
            {{- . | trim | nindent 12 }}
            {{- end }}
            {{- with $pod.env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- with $pod.envFrom }}
          envFrom:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            - { name: metrics, containerPort: 9464 }
            {{- with .ports }}
            {{- . | trim | nindent 12 }}
            {{- end }}
          # Alive: the process answers. Ready: Redis (and Slack) are there, and the queues are being read.
          startupProbe: { httpGet: { path: /healthz, port: metrics }, periodSeconds: 2, failureThreshold: 60 }
          livenessProbe: { httpGet: { path: /healthz, port: metrics }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }
          readinessProbe: { httpGet: { path: /readyz, port: metrics }, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 }
          resources:
            {{- toYaml .resources | nindent 12 }}
          securityContext:
            {{- include "iti.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            - { name: config, mountPath: /config, readOnly: true }
            - { name: tmp, mountPath: /tmp }
            {{- with $pod.volumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: config
          configMap: { name: {{ include "iti.fullname" $root }} }
        # Only for people: `check … --save /tmp/case.json`.
        - name: tmp
          emptyDir: { sizeLimit: 64Mi }
        {{- with $pod.volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end -}}

{{- define "iti.botEnv" }}
{{- $secret := required "slack.existingSecret: name the Secret with the Slack tokens, or set bot.enabled to false" .Values.slack.existingSecret }}
- name: SLACK_BOT_TOKEN
  valueFrom: { secretKeyRef: { name: {{ $secret | quote }}, key: SLACK_BOT_TOKEN } }
{{- if eq .Values.slack.mode "http" }}
- name: SLACK_SIGNING_SECRET
  valueFrom: { secretKeyRef: { name: {{ $secret | quote }}, key: SLACK_SIGNING_SECRET } }
{{- else }}
- name: SLACK_APP_TOKEN
  valueFrom: { secretKeyRef: { name: {{ $secret | quote }}, key: SLACK_APP_TOKEN } }
{{- end }}
{{- with .Values.slack.apiUrl }}
- { name: SLACK_API_URL, value: {{ . | quote }} }
{{- end }}
{{- if include "iti.alertPort" . }}
{{- $token := dig "existingSecret" dict (default dict .Values.alertmanager) }}
- name: ALERTMANAGER_TOKEN
  valueFrom: { secretKeyRef: { name: {{ default $secret $token.name | quote }}, key: {{ default "ALERTMANAGER_TOKEN" $token.key | quote }} } }
{{- end }}
{{- with .Values.model }}
{{- if (default dict .existingSecret).name }}
- name: OPENAI_API_KEY
  valueFrom: { secretKeyRef: { name: {{ .existingSecret.name | quote }}, key: {{ default "OPENAI_API_KEY" .existingSecret.key | quote }} } }
{{- end }}
{{- with .baseUrl }}
- { name: OPENAI_BASE_URL, value: {{ . | quote }} }
{{- end }}
{{- with .name }}
- { name: OPENAI_MODEL, value: {{ . | quote }} }
{{- end }}
{{- end }}
{{- end -}}

{{- define "iti.metricsIngress" }}
# Prometheus. Probes of the kubelet come from the node and are let through by every network plugin.
- from:
    {{- toYaml .Values.networkPolicy.metricsFrom | nindent 4 }}
  ports: [{ port: metrics, protocol: TCP }]
{{- end -}}

{{- define "iti.commonEgress" }}
# Names.
- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
# Redis: open cases, jobs, samples.
{{- if .Values.redis.embedded.enabled }}
- to:
    - podSelector:
        matchLabels:
          {{- include "iti.selector" . | nindent 10 }}
          app.kubernetes.io/component: redis
  ports: [{ port: redis, protocol: TCP }]
{{- else }}
- ports:
    {{- range .Values.redis.external.ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
{{- end }}
{{- with .Values.networkPolicy.egress }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "iti.budget" }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "iti.fullname" .root }}-{{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "iti.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  # One at a time, and never a node that can't be drained.
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "iti.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
{{- end -}}
