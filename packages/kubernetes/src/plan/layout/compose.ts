import { type ProcessDeclaration, type ProcessType, type ResourceType, shellCommand } from "@douze/core";
import { frozenValues } from "../config.ts";
import { containerPort, liveFolder, tmpFolder } from "../place.ts";
import { heapMebibytes } from "../resources.ts";
import type { Setting } from "../setting.ts";
import { yamlOf } from "../yaml.ts";
import type { Files } from "./files.ts";
import type { LayoutIn } from "./layout.ts";

/** Host ports that routed processes are reached at begin here. */
const firstPort = 5000;

/**
 * The app on a laptop with Docker or Podman: its image, its processes once each, and a server for each resource that has a usual one. Values
 * that are secret are asked for in the shell or in `.env`, for a file of Compose has no place to hide them.
 */
export function compose({ rendered: { setting, task } }: LayoutIn): Files {
  const { manifest, attachments, app } = setting.release;
  const servers = Object.entries(attachments).flatMap(([name, { type, as }]) => {
    const server = usual[type]?.(name);
    return server ? [{ name, as, server }] : [];
  });
  const environment = environmentOf(setting, new Map(servers.map(({ as, server }) => [as, server.url])));
  const waits = Object.fromEntries(
    servers.map(({ name, server }) => [name, { condition: server.service.healthcheck ? "service_healthy" : "service_started" }]),
  );
  const release = manifest.release && task ? { release: once(setting, manifest.release.command, environment, waits) } : {};
  const ready = { ...waits, ...(manifest.release && task && { release: { condition: "service_completed_successfully" } }) };
  const routed = Object.entries(manifest.processes).filter(([, declared]) => declared.routed);
  const processes = Object.entries(manifest.processes).map(([type, declared]) => {
    const at = routed.findIndex(([each]) => each === type);
    return [type, processOf(setting, type as ProcessType, declared, environment, ready, at < 0 ? undefined : firstPort + at)] as const;
  });
  const live = setting.live
    ? { configs: Object.fromEntries(liveKeys(setting).map(([key, content]) => [key, { content: escaped(content) }])) }
    : {};
  const volumes = Object.fromEntries(servers.flatMap(({ name, server }) => (server.volume === undefined ? [] : [[`${name}-data`, {}]])));
  const services = {
    ...Object.fromEntries(servers.map(({ name, server }) => [name, server.service])),
    ...release,
    ...Object.fromEntries(processes),
  };
  const file = { name: app, services, ...live, ...(Object.keys(volumes).length > 0 && { volumes }) };
  return new Map([["compose.yaml", yamlOf([file])]]);
}

type Environment = Readonly<Record<string, string>>;

interface Server {
  readonly url: string;
  /** Where its data lie. Absent: nothing of it is kept. */
  readonly volume?: string;
  readonly service: { readonly image: string; readonly healthcheck?: object; readonly [key: string]: unknown };
}

/** Servers that stand for resources, by type; others are asked for by their URL. */
const usual: Partial<Record<ResourceType, (name: string) => Server>> = {
  postgres: (name) => ({
    url: `postgres://app:app@${name}:5432/app`,
    volume: "/var/lib/postgresql/data",
    service: {
      image: "postgres:17-alpine",
      environment: { POSTGRES_DB: "app", POSTGRES_PASSWORD: "app", POSTGRES_USER: "app" },
      healthcheck: asked("pg_isready -U app"),
      volumes: [`${name}-data:/var/lib/postgresql/data`],
    },
  }),
  redis: (name) => ({ url: `redis://${name}:6379`, service: { image: "redis:8-alpine", healthcheck: asked("redis-cli ping") } }),
  mysql: (name) => ({
    url: `mysql://app:app@${name}:3306/app`,
    volume: "/var/lib/mysql",
    service: {
      image: "mysql:8.4",
      environment: { MYSQL_DATABASE: "app", MYSQL_PASSWORD: "app", MYSQL_RANDOM_ROOT_PASSWORD: "1", MYSQL_USER: "app" },
      healthcheck: asked("mysqladmin ping -u app -papp"),
      volumes: [`${name}-data:/var/lib/mysql`],
    },
  }),
  mongodb: (name) => ({
    url: `mongodb://${name}:27017/app`,
    volume: "/data/db",
    service: { image: "mongo:8", volumes: [`${name}-data:/data/db`] },
  }),
  amqp: (name) => ({
    url: `amqp://${name}:5672`,
    service: { image: "rabbitmq:4-alpine", healthcheck: asked("rabbitmq-diagnostics -q ping") },
  }),
  smtp: (name) => ({ url: `smtp://${name}:1025`, service: { image: "axllent/mailpit:latest" } }),
};

function asked(command: string): object {
  return { interval: "2s", retries: 30, test: ["CMD-SHELL", command], timeout: "5s" };
}

function processOf(
  setting: Setting,
  type: ProcessType,
  declared: ProcessDeclaration,
  environment: Environment,
  depends: object,
  port: number | undefined,
): object {
  const { memoryBytes, cores, limits, graceMs, busyMs, health } = declared;
  const check = health && lookAt(setting, health.readiness);
  const most = limits?.cores ?? (cores === undefined ? undefined : 4 * cores);
  return {
    ...container(setting, declared.command, { ...environment, ...own(setting, type, memoryBytes) }),
    ...(Object.keys(depends).length > 0 && { depends_on: depends }),
    ...(check &&
      health && {
        healthcheck: {
          test: check,
          interval: `${health.intervalMs}ms`,
          timeout: `${health.timeoutMs}ms`,
          retries: health.failures,
          start_period: `${declared.bootMs}ms`,
        },
      }),
    ...(memoryBytes !== undefined && { mem_limit: String(memoryBytes) }),
    ...(most !== undefined && { cpus: most }),
    ...(port !== undefined && { ports: [`127.0.0.1:${port}:${containerPort}`] }),
    restart: "unless-stopped",
    stop_grace_period: `${Math.max(graceMs, busyMs ?? 0)}ms`,
  };
}

function once(setting: Setting, command: string, environment: Environment, depends: object): object {
  const name = `release.${setting.release.version}`;
  return {
    ...container(setting, command, { ...environment, DOUZE_PROCESS: name, DYNO: name }),
    ...(Object.keys(depends).length > 0 && { depends_on: depends }),
    restart: "no",
  };
}

/** The same bounds as anywhere: no root, nothing writable but `/tmp`, and a signal reaches the program. */
function container(setting: Setting, command: string, environment: Environment): object {
  return {
    image: setting.image,
    cap_drop: ["ALL"],
    command: ["/bin/sh", "-c", escaped(shellCommand(command))],
    ...(setting.live && { configs: liveKeys(setting).map(([key]) => ({ source: key, target: `${liveFolder}/${key}` })) }),
    environment,
    init: true,
    read_only: true,
    security_opt: ["no-new-privileges:true"],
    tmpfs: [tmpFolder],
    working_dir: setting.workingDir,
  };
}

function environmentOf(setting: Setting, urls: ReadonlyMap<string, string>): Environment {
  const { open, secret } = frozenValues(setting.release, setting.config);
  const hidden = [...new Set([...Object.keys(secret), ...Object.keys(setting.external)])].map((key) => [
    key,
    urls.get(key) ?? `\${${key}:?set ${key} in .env}`,
  ]);
  const plain = {
    ...setting.platform,
    HOME: tmpFolder,
    HOST: "0.0.0.0",
    PORT: String(containerPort),
    TMPDIR: tmpFolder,
    ...(setting.live && { DOUZE_LIVE_DIR: liveFolder }),
  };
  const told = Object.entries({ ...open, ...plain }).filter(([key]) => !Object.hasOwn(setting.external, key));
  const shown = told.map(([key, value]) => [key, escaped(value)]);
  return Object.fromEntries([...shown, ...hidden]) as Environment;
}

function own({ language, config }: Setting, type: ProcessType, memoryBytes: number | undefined): Environment {
  const heap = language === "node" && config["NODE_OPTIONS"] === undefined && memoryBytes !== undefined;
  return {
    DOUZE_PROCESS: `${type}.1`,
    DYNO: `${type}.1`,
    ...(heap && { NODE_OPTIONS: `--max-old-space-size=${heapMebibytes({ memoryBytes })}` }),
  };
}

/** The image has what runs the app, and no `curl`. */
function lookAt({ language }: Setting, path: string): readonly string[] | undefined {
  const url = `http://127.0.0.1:${containerPort}${path}`;
  if (language === "node")
    return ["CMD", "node", "-e", `fetch(${JSON.stringify(url)}).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`];
  if (language === "python") return ["CMD", "python3", "-c", `import urllib.request as u; u.urlopen(${JSON.stringify(url)})`];
  return undefined;
}

function liveKeys({ release }: Setting): [string, string][] {
  return Object.entries(release.config).flatMap(([key, { live, value }]) => (live ? [[key, value] as [string, string]] : []));
}

/** Compose would look up what follows a dollar sign. */
function escaped(text: string): string {
  return text.replaceAll("$", "$$$$");
}
