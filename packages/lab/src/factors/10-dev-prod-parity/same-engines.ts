import { parse as parseYaml } from "yaml";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

/** A backing service that a file names for some environment. */
interface Named {
  readonly file: string;
  readonly line: number;
  readonly environment: "development" | "test" | "production" | "any";
  readonly role: "sql" | "cache" | "document" | "queue";
  readonly engine: string;
  readonly major?: string;
}

interface Evidence {
  readonly named: readonly Named[];
}

const roles: Readonly<Record<string, Named["role"]>> = {
  postgres: "sql",
  postgresql: "sql",
  mysql: "sql",
  mariadb: "sql",
  sqlite: "sql",
  redis: "cache",
  valkey: "cache",
  memcached: "cache",
  mongo: "document",
  mongodb: "document",
  rabbitmq: "queue",
};

const same: Readonly<Record<string, string>> = { postgresql: "postgres", mongo: "mongodb" };

export const sameEngines: Check<Evidence> = {
  name: "same-engines",
  factor: "dev-prod-parity",
  claim: "every environment has the same kind and version of each backing service",
  kind: "static",
  profile: "static",
  core: true,
  severity: "warning",
  norm: "“resists the urge to use different backing services between development and production”",
  method: [
    "Compose files, services of CI, app.json, the manifest's resources and framework settings by mode are read by parsers of their own formats, and each service is put down with its environment.",
    "Two kinds of one role, such as SQLite and PostgreSQL, or two major versions of one engine, are a finding.",
  ],
  guards: [
    "What stands in a comment is not seen.",
    "What tests use in memory is a note.",
    "With one environment known nothing is compared.",
  ],
  needs: [],

  async observe({ codebase, subject }) {
    const named: Named[] = [];
    for (const file of codebase.files) {
      if (/(^|\/)(docker-)?compose[^/]*\.ya?ml$/.test(file)) named.push(...ofCompose(file, (await codebase.text(file)) ?? ""));
      else if (/^\.github\/workflows\/[^/]+\.ya?ml$/.test(file) || file === ".gitlab-ci.yml")
        named.push(...ofPipeline(file, (await codebase.text(file)) ?? ""));
      else if (/(^|\/)config\/database\.yml$/.test(file)) named.push(...ofRails(file, (await codebase.text(file)) ?? ""));
      else if (/(^|\/)settings[^/]*\.py$|(^|\/)settings\/[^/]+\.py$/.test(file))
        named.push(...ofDjango(file, (await codebase.text(file)) ?? ""));
    }
    for (const { type, from } of subject.services) {
      const role = roles[type];
      if (role && from !== "a client library")
        named.push({ file: from === "Procfile" ? "app.json" : from, line: 1, environment: "any", role, engine: same[type] ?? type });
    }
    return { named };
  },

  judge({ named }) {
    const environments = new Set(named.map(({ environment, file }) => `${environment}:${file}`));
    if (named.length === 0) return inapplicable("no file names a backing service");
    if (environments.size < 2)
      return pass(
        `one description of services, for every environment (${named[0]?.file})`,
        `${named.length} services are named there, and nowhere else`,
      );
    const findings = [...Map.groupBy(named, ({ role }) => role).values()].flatMap((list) => {
      const engines = [...Map.groupBy(list, ({ engine }) => engine).entries()];
      const isTest = (each: readonly Named[]): boolean => each.every(({ environment }) => environment === "test");
      const control = "each was read from the setting of its own file";
      const fix = { text: "use the same kind and version everywhere; `douze up` starts a real server for development" };
      const told = (each: Named): string =>
        `${each.file}${each.environment === "any" ? "" : ` (${each.environment})`}: ${each.engine}${each.major === undefined ? "" : ` ${each.major}`}`;
      if (engines.length > 1) {
        const [one, other] = engines;
        const severity = engines.some(([, each]) => isTest(each)) ? ("note" as const) : ("warning" as const);
        const [first] = list;
        return [
          {
            subject: engines
              .map(([engine]) => engine)
              .toSorted()
              .join(" and "),
            severity,
            what: `${one?.[0]} here, ${other?.[0]} there: ${engines.map(([, [each]]) => (each ? told(each) : "")).join("; ")}`,
            ...(first && { where: { file: first.file, line: first.line } }),
            control,
            fix,
          },
        ];
      }
      const majors = [
        ...Map.groupBy(
          list.filter(({ major }) => major !== undefined),
          ({ major }) => major,
        ).values(),
      ];
      const [first] = majors[0] ?? [];
      if (majors.length > 1 && first)
        return [
          {
            subject: `${first.engine} ${majors
              .map(([each]) => each?.major)
              .toSorted()
              .join(" and ")}`,
            severity: "warning" as const,
            what: `different versions: ${majors.map(([each]) => (each ? told(each) : "")).join("; ")}`,
            where: { file: first.file, line: first.line },
            control,
            fix,
          },
        ];
      return [];
    });
    return failOr(
      findings,
      "inferred",
      pass(
        `the same everywhere: ${[...new Set(named.map(({ engine }) => engine))].join(", ")}`,
        `${named.length} namings in ${new Set(named.map(({ file }) => file)).size} files were compared`,
      ),
    );
  },
};

function ofImage(image: string): Pick<Named, "role" | "engine" | "major"> | undefined {
  const [, name = "", tag] = /^(?:.*\/)?([a-z]+)(?::([\w.-]+))?(?:@.*)?$/.exec(image) ?? [];
  const role = roles[name];
  const major = tag === undefined ? undefined : /^(\d+)/.exec(tag)?.[1];
  return role && { role, engine: same[name] ?? name, ...(major !== undefined && { major }) };
}

function ofCompose(file: string, text: string): Named[] {
  const environment = /prod/i.test(file) ? "production" : /test|ci/i.test(file) ? "test" : "development";
  return Object.values(record(record(yamlOf(text))["services"])).flatMap((service) => {
    const { image } = record(service);
    const found = typeof image === "string" ? ofImage(image) : undefined;
    return found ? [{ file, line: lineOf(text, String(image)), environment, ...found } as const] : [];
  });
}

function ofPipeline(file: string, text: string): Named[] {
  const images: string[] = [];
  const walk = (value: unknown, inServices: boolean): void => {
    if (Array.isArray(value)) {
      for (const each of value) {
        if (inServices && typeof each === "string") images.push(each);
        else walk(each, inServices);
      }
      return;
    }
    for (const [key, each] of Object.entries(record(value))) {
      if (inServices && (key === "image" || key === "name") && typeof each === "string") images.push(each);
      else walk(each, inServices || key === "services");
    }
  };
  walk(yamlOf(text), false);
  return images.flatMap((image) => {
    const found = ofImage(image);
    return found ? [{ file, line: lineOf(text, image), environment: "test" as const, ...found }] : [];
  });
}

function ofRails(file: string, text: string): Named[] {
  const all = record(yamlOf(text.replace(/<%.*?%>/gs, "x")));
  return (["development", "test", "production"] as const).flatMap((environment) => {
    const adapter = record(all[environment])["adapter"] ?? record(record(all[environment])["primary"])["adapter"];
    const name = typeof adapter === "string" ? adapter.replace(/^sqlite3$/, "sqlite").replace(/^mysql2$|^trilogy$/, "mysql") : "";
    const role = roles[name];
    return role ? [{ file, line: lineOf(text, `${environment}:`), environment, role, engine: same[name] ?? name }] : [];
  });
}

/** The engine that a settings module names; what stands in a comment is taken out before. */
function ofDjango(file: string, text: string): Named[] {
  const environment = /prod/i.test(file) ? "production" : /dev|local/i.test(file) ? "development" : /test/i.test(file) ? "test" : "any";
  const code = text.replace(/^\s*#.*$/gm, "");
  return [...code.matchAll(/["']ENGINE["']\s*:\s*["']django\.db\.backends\.(\w+)["']/g)].flatMap(([, name = ""]) => {
    const engine = name.replace(/^sqlite3$/, "sqlite");
    const role = roles[engine];
    return role
      ? [{ file, line: lineOf(text, `django.db.backends.${name}`), environment, role, engine: same[engine] ?? engine } as const]
      : [];
  });
}

function yamlOf(text: string): unknown {
  try {
    return parseYaml(text, { logLevel: "silent", merge: true });
  } catch {
    // Not YAML after all, such as a template of it: nothing is read from it.
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function lineOf(text: string, part: string): number {
  return text.slice(0, Math.max(0, text.indexOf(part))).split("\n").length;
}
