import {
  type EnvironmentName,
  type FrozenAttachment,
  type Instant,
  type Inventory,
  type Manifest,
  Problem,
  type Release,
  type ReleaseVersion,
  type ResourceDeclaration,
  type ResourceType,
} from "@douze/core";

/** A resource and where it should come from, before any server was started. */
export interface WantedAttachment extends Omit<FrozenAttachment, "url" | "address"> {
  readonly resource: string;
  /** Absent for what Douze provides by itself: known once it runs. */
  readonly url?: string;
}

export interface AttachmentsIn {
  readonly manifest: Manifest;
  readonly inventory: Inventory;
  readonly environment: EnvironmentName;
  /** Unsealed; the release this one builds upon. */
  readonly previous?: Release;
  /** What this release changes. */
  readonly change?: AttachmentChange;
  readonly provides: (type: ResourceType) => boolean;
  readonly version: ReleaseVersion;
  readonly by: string;
  readonly at: Instant;
}

export type AttachmentChange =
  | { readonly kind: "attach"; readonly resource: string; readonly url?: string; readonly as?: string }
  | { readonly kind: "detach"; readonly resource: string };

/**
 * Which resources a release has. The ledger's attachments win over the inventory's; in development whatever is left and can be
 * provided here is provided here.
 *
 * @throws Problem resource-missing - a required resource has nothing attached
 * @throws Problem resource-unknown - one to detach that is not attached, or a URL whose type cannot be told
 */
export function wantedAttachments(input: AttachmentsIn): {
  readonly attachments: readonly WantedAttachment[];
  readonly detached: readonly string[];
} {
  const detached = new Set(input.previous?.detached ?? []);
  if (input.change?.kind === "attach") detached.delete(input.change.resource);
  if (input.change?.kind === "detach") {
    checkAttached(input, input.change.resource);
    detached.add(input.change.resource);
  }
  const extra = Object.entries(input.previous?.attachments ?? {}).filter(
    ([name, each]) => each.from === "ledger" && !(name in input.manifest.resources),
  );
  const names = new Set([
    ...Object.keys(input.manifest.resources),
    ...extra.map(([name]) => name),
    ...(input.change ? [input.change.resource] : []),
  ]);
  const attachments: WantedAttachment[] = [];
  for (const resource of names) {
    const declared = input.manifest.resources[resource];
    const wanted = detached.has(resource) ? undefined : wantedOne(input, resource, declared);
    if (wanted) attachments.push(wanted);
    else if (declared?.required) throw missing(resource, declared, input.environment);
  }
  return { attachments, detached: [...detached].sort() };
}

function wantedOne(input: AttachmentsIn, resource: string, declared: ResourceDeclaration | undefined): WantedAttachment | undefined {
  const { change, inventory, previous } = input;
  const before = previous?.attachments[resource];
  const stamp = { since: input.version, by: input.by, at: input.at };
  if (change?.kind === "attach" && change.resource === resource) {
    const type = declared?.type ?? typeOf(resource, change.url);
    const as = change.as ?? declared?.as ?? before?.as ?? variableOf(type, resource);
    if (change.url === undefined) return { resource, type, as, kind: "embedded", from: "ledger", ...stamp };
    return { resource, type, as, kind: "url", url: change.url, from: "ledger", ...stamp };
  }
  if (before?.from === "ledger") return { resource, ...withoutPlace(before), as: declared?.as ?? before.as };
  if (!declared) return undefined;
  const given = inventory.attachments[resource];
  const common = { resource, type: declared.type, as: declared.as };
  const same = (kind: "embedded" | "url", from: "inventory" | "default", url?: string) =>
    before?.kind === kind && before.from === from && (url === undefined || before.url === url)
      ? { since: before.since, by: before.by, at: before.at }
      : stamp;
  if (given?.kind === "url") return { ...common, kind: "url", url: given.url, from: "inventory", ...same("url", "inventory", given.url) };
  if (given) return { ...common, kind: "embedded", from: "inventory", ...same("embedded", "inventory") };
  const byItself = input.environment === "development" && input.provides(declared.type);
  return byItself ? { ...common, kind: "embedded", from: "default", ...same("embedded", "default") } : undefined;
}

function withoutPlace(attachment: FrozenAttachment): Omit<WantedAttachment, "resource"> {
  const { url, address: _address, ...rest } = attachment;
  return attachment.kind === "url" ? { ...rest, url } : rest;
}

const schemes: Readonly<Record<string, ResourceType>> = {
  postgres: "postgres",
  postgresql: "postgres",
  redis: "redis",
  rediss: "redis",
  mysql: "mysql",
  mongodb: "mongodb",
  "mongodb+srv": "mongodb",
  amqp: "amqp",
  amqps: "amqp",
  smtp: "smtp",
  smtps: "smtp",
  s3: "s3",
  http: "http",
  https: "http",
  tcp: "tcp",
};

function typeOf(resource: string, url: string | undefined): ResourceType {
  const scheme = url === undefined ? resource : /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  const type = scheme === undefined ? undefined : schemes[scheme];
  if (type) return type;
  throw new Problem({
    code: "resource-unknown",
    what: `what kind of resource \`${resource}\` is cannot be told`,
    why: url === undefined ? "the manifest does not declare it, and no URL was given" : "the scheme of its URL is none that Douze knows",
    fix: `declare it under \`resources:\` in douze.yaml, or give a URL whose scheme is one of ${Object.keys(schemes).join(", ")}`,
  });
}

const variables: Partial<Record<ResourceType, string>> = {
  postgres: "DATABASE_URL",
  redis: "REDIS_URL",
  mysql: "DATABASE_URL",
  mongodb: "MONGODB_URL",
  amqp: "AMQP_URL",
  smtp: "SMTP_URL",
};

function variableOf(type: ResourceType, resource: string): string {
  return variables[type] ?? `${resource.toUpperCase().replace(/[^A-Z0-9]/g, "_")}_URL`;
}

function checkAttached(input: AttachmentsIn, resource: string): void {
  if (input.previous?.attachments[resource]) return;
  const known = Object.keys(input.previous?.attachments ?? {});
  throw new Problem({
    code: "resource-unknown",
    what: `no resource \`${resource}\` is attached`,
    why: known.length > 0 ? `attached are: ${known.join(", ")}` : "nothing is attached",
    fix: "`douze resources` lists what the app declares and what is attached",
  });
}

function missing(resource: string, declared: ResourceDeclaration, environment: EnvironmentName): Problem {
  return new Problem({
    code: "resource-missing",
    what: `nothing is attached as \`${resource}\``,
    why: `the manifest requires a ${declared.type} in ${declared.as}`,
    fix: `attach one: \`douze attach ${resource} ${declared.type}://… --env ${environment}\`, or name it under \`attachments:\` in inventory/${environment}.yaml`,
  });
}

/** Host and port of a URL, without its user, password, path and query. Empty when it cannot be told. */
export function addressOf(url: string): string {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#@]+)/i.exec(url);
  return match?.[1] ?? "";
}
