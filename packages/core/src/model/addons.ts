import type { ResourceDeclaration, ResourceType } from "./manifest.ts";
import { isInherited } from "./variable.ts";

/** An entry of `addons` in app.json. */
export interface Addon {
  /** `heroku-postgresql:essential-0`; what follows the colon is a size, which is the inventory's matter here. */
  readonly plan: string;
  readonly as?: string | undefined;
}

/** Which add-ons are resources, and which variable each sets on Heroku. */
const known: readonly (readonly [plan: RegExp, type: ResourceType, variable: string])[] = [
  [/^heroku-postgresql$/, "postgres", "DATABASE_URL"],
  [/^heroku-redis$/, "redis", "REDIS_URL"],
  [/^rediscloud$/, "redis", "REDISCLOUD_URL"],
  [/^redistogo$/, "redis", "REDISTOGO_URL"],
  [/^openredis$/, "redis", "OPENREDIS_URL"],
  [/^jawsdb$/, "mysql", "JAWSDB_URL"],
  [/^cleardb$/, "mysql", "CLEARDB_DATABASE_URL"],
  [/^cloudamqp$/, "amqp", "CLOUDAMQP_URL"],
];

/** The resources that add-ons amount to, and the plans that are none. */
export function addonResources(addons: readonly Addon[]): {
  readonly resources: Record<string, ResourceDeclaration>;
  readonly unknown: readonly string[];
} {
  const resources = new Map<string, ResourceDeclaration>();
  const unknown: string[] = [];
  for (const { plan, as } of addons) {
    const service = plan.replace(/:.*/, "");
    const [, type, variable] = known.find(([pattern]) => pattern.test(service)) ?? [];
    if (type === undefined || variable === undefined) {
      unknown.push(service);
      continue;
    }
    const alias =
      as
        ?.toUpperCase()
        .replace(/[^A-Z0-9_]/g, "_")
        .replace(/^[^A-Z]+/, "")
        .slice(0, 30) || undefined;
    const name = free(alias?.toLowerCase().replaceAll("_", "-") ?? type, (each) => resources.has(each) || isInherited(each));
    const taken = new Set([...resources.values()].map((resource) => resource.as));
    // As on Heroku an alias replaces the whole name; a second of a kind without one is named after its resource.
    const wanted = alias === undefined ? variable : `${alias}_URL`;
    resources.set(name, { type, as: taken.has(wanted) ? `${name.toUpperCase().replaceAll("-", "_")}_URL` : wanted, required: true });
  }
  return { resources: Object.fromEntries(resources), unknown };
}

function free(name: string, taken: (name: string) => boolean): string {
  let number = 1;
  while (taken(number === 1 ? name : `${name}-${number}`)) number += 1;
  return number === 1 ? name : `${name}-${number}`;
}
