import type { Written } from "./release.ts";

/** Apps as people write them, from the least to all that there is. Their objects lie in `test/golden`. */
export const examples: Readonly<Record<string, Written>> = {
  "one-process": { manifest: "app: shop\nprocesses:\n  web: node web.js\n" },
  hola: {
    manifest: `app: hola
processes:
  web:
    command: node app.ts web
    scale: 2
    health: { readiness: /readyz, liveness: /livez }
    grace: 10s
    memory: 256MiB
  worker:
    command: node app.ts worker
    grace: 20s
  clock: node app.ts clock
release: node app.ts migrate
cron:
  tidy: { command: node app.ts tidy, schedule: "*/10 * * * *", timezone: UTC, overlap: forbid }
resources:
  db: postgres
config:
  GREETING: { default: Hola, live: true }
  ACCENT: "#0f766e"
  SIGNATURE: { required: false, secret: true }
`,
    target: `  hosts: [hola.example.org]
  gateway: { name: public, namespace: gateways }
  manageNamespace: true
  monitoring: monitoring
  owner: { team: web, email: web@example.org }
`,
    config: {
      GREETING: { value: "¡Hola, mundo!", live: true },
      ACCENT: "#0f766e",
      SIGNATURE: { value: "s3cret", secret: true },
      SWITCH: "yes",
      NUMBER: "1_000",
      SUM: "$(PATH)",
    },
    attachments: { db: "postgres://hola:pa55@db.example.org:6432/hola" },
  },
  scaled: {
    manifest: `app: shop
processes:
  web:
    command: node web.js
    cpu: 0.5
    health: { readiness: /readyz, liveness: /livez }
    autoscale: { min: 2, max: 10, cpu: 70 }
  api:
    command: node api.js
    routed: true
    limits: { cpu: 2 }
  worker:
    command: cd jobs && node worker.js
    busy: 2h
    autoscale:
      min: 1
      max: 20
      metric: { process: web, path: /metrics, name: jobs_waiting, target: 100 }
      cpu: 80
      up: 30s
`,
    target: `  hosts: [shop.example.org, www.shop.example.org]
  gateway: { name: public, namespace: gateways, section: https, from: envoy }
  keda: true
  pullSecret: registry
  priorityClass: false
  egress: []
  linger: 25s
  cpuLimits: false
  identity: { eks.amazonaws.com/role-arn: "arn:aws:iam::123456789012:role/shop" }
`,
  },
  neighbours: {
    manifest: `app: shop
processes:
  web: { command: node web.js, scale: 2, health: { readiness: /readyz, liveness: /livez } }
  worker: node worker.js
release: node migrate.js
cron:
  tidy: { command: node tidy.js, schedule: "0 3 * * *" }
resources:
  db: postgres
config:
  COLOUR: blue
  WORKERS: { type: integer }
  SIGNATURE: { secret: true }
`,
    target: `  hosts: [shop.example.org]
  gateway: { name: public, namespace: gateways, from: gateways }
  monitoring: monitoring
  externalSecrets: { store: vault, kind: ClusterSecretStore }
  mesh:
    kind: istio
    gateway: cluster.local/ns/gateways/sa/public
    callers: [cluster.local/ns/billing/sa/billing-web]
    jwt: { issuer: "https://id.example.org", jwksUri: "https://id.example.org/keys", audiences: [shop] }
  prometheus: { path: /metrics, interval: 15s }
`,
    config: {
      COLOUR: "blue",
      WORKERS: "external://shop/production?property=workers&version=1",
      SIGNATURE: { value: "external://shop/production?property=signature&version=3", secret: true },
    },
    attachments: { db: "external://shop/database?property=url&version=7" },
  },
  ingress: {
    manifest: `app: shop
processes:
  web: { command: python -m shop, scale: 3 }
  Big_Worker: { command: python -m shop.worker, scale: 0 }
`,
    target: `  namespace: team-shop
  hosts: [shop.example.org]
  ingress: { class: nginx, tls: shop-tls, from: ingress-nginx }
  pullPolicy: IfNotPresent
`,
  },
};
