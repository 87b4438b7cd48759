import { createHash, createHmac } from "node:crypto";
import type { AppName, ProcessType, ReleaseVersion } from "@douze/core";

/** Of an object; CronJobs need room for what the cluster appends. */
const longest = 63;
const longestCron = 52;
/** Hexadecimal digits of a hash in a name. */
const digits = 8;

/** `shop-web`: what carries a process type. */
export function processObject(app: AppName, type: ProcessType): string {
  return bounded(`${app}-${label(type)}`, longest);
}

/** `shop-cron-report` */
export function cronObject(app: AppName, entry: string): string {
  return bounded(`${app}-cron-${label(entry)}`, longestCron);
}

/** `shop-release`: of the account and the policy of release tasks; each task's own name is made of what it does. */
export function taskObject(app: AppName): string {
  return bounded(`${app}-release`, longest);
}

/** `shop-release-v12-3f9c1ab2`: of one release's task; the same task has the same name, and another one another. */
export function taskRunObject(app: AppName, release: ReleaseVersion, content: string): string {
  return bounded(`${taskObject(app)}-v${release}-${hashOf(content)}`, longest);
}

/** `shop-run`: of the account and the policy of one-offs. */
export function runAccount(app: AppName): string {
  return bounded(`${app}-run`, longest);
}

/** `shop-run-7`: of a one-off. */
export function runObject(app: AppName, run: string): string {
  return bounded(`${app}-${label(run)}`, longest);
}

/** `shop-config-9f3c2b1a`: named by its content, so that what was frozen can never become something else. */
export function configObject(app: AppName, content: string): string {
  return bounded(`${app}-config-${hashOf(content)}`, longest);
}

/**
 * `shop-secret-5d1e77c0`: named by its content and a key, since whoever may list names could else try out what a short secret is.
 *
 * @param key - of the environment, known to whoever may read its secrets anyway
 */
export function secretObject(app: AppName, content: string, key: Uint8Array): string {
  return bounded(`${app}-secret-${createHmac("sha256", key).update(content).digest("hex").slice(0, digits)}`, longest);
}

/** `shop-external-3f9c1ab2`: named by where its values are fetched from. */
export function externalObject(app: AppName, content: string): string {
  return bounded(`${app}-external-${hashOf(content)}`, longest);
}

/** `shop-live`: the live config, which changes under its name. */
export function liveObject(app: AppName): string {
  return `${app}-live`;
}

/** `shop-default-deny` */
export function denyObject(app: AppName): string {
  return `${app}-default-deny`;
}

/** Eight hexadecimal digits. */
function hashOf(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, digits);
}

/** As a label: names of the manifest may hold what a DNS label may not; two that differ stay different. */
export function label(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return plain === name ? name : `${plain}${plain === "" ? "" : "-"}${hashOf(name)}`;
}

function bounded(name: string, length: number): string {
  return name.length <= length ? name : `${name.slice(0, length - digits - 1).replace(/[-.]+$/, "")}-${hashOf(name)}`;
}
