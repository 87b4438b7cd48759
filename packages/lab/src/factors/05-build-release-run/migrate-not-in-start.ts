import { isReady } from "../../discover/baseline.ts";
import { bareSql, statementsOf } from "../../engines/postgres-wire.ts";
import { pause } from "../../experiment.ts";
import type { Lab } from "../../lab.ts";
import type { Check } from "../../model/check.ts";
import type { SubjectProcess } from "../../model/subject.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly databases: number;
  readonly types: readonly {
    readonly type: string;
    readonly statements: readonly string[];
    readonly spoke: boolean;
    /** What it says once the release task has run; absent: there is none, or nothing was said before. */
    readonly released?: readonly string[];
  }[];
}

const definition =
  /^\s*(CREATE\s+(?:OR\s+REPLACE\s+)?(?:UNLOGGED\s+|UNIQUE\s+)?(?:TABLE|INDEX|SCHEMA|TYPE|SEQUENCE|EXTENSION|MATERIALIZED\s+VIEW|VIEW|FUNCTION)|ALTER\s+TABLE|DROP\s+(?:TABLE|INDEX|SCHEMA|VIEW))\b/i;

/** Queues and their like keep tables of their own, which are no schema of the app's. */
const libraries = /graphile_worker|pgboss|procrastinate|que_|good_job|solid_(queue|cache|cable)|river_|oban_|django_celery|\bsession\b/i;

export const migrateNotInStart: Check<Evidence> = {
  name: "migrate-not-in-start",
  factor: "build-release-run",
  claim: "starting a process does not change the schema",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "warning",
  norm: "“Run admin/management tasks as one-off processes”",
  method: [
    "Each process type is started on an empty database, without the release task before.",
    "What it says to the database is read on the way, message by message: statements that create, alter or drop tables are looked for.",
    "One that has such is started again, after the release task.",
  ],
  guards: [
    "What a start makes only where the release task has not run is nobody's harm: with it, nothing is left to change.",
    "Tables that a queue's library makes for itself are a note.",
    "Temporary tables are left out, and so is what only stands in a comment or a literal.",
    "A process that ends because the schema is missing is right.",
  ],
  limits: "Only PostgreSQL is understood.",
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const databases = lab.subject.services.filter(({ type }) => type === "postgres");
    const types: Evidence["types"][number][] = [];
    if (databases.length === 0) return { databases: 0, types };
    for (const process of lab.subject.processes) {
      const heard = await saidAtStart(lab, process, false);
      const statements = definitionsIn(heard);
      const isReleased = statements.length > 0 && lab.subject.migrate !== undefined;
      types.push({
        type: process.type,
        statements,
        spoke: heard.length > 0,
        ...(isReleased && { released: definitionsIn(await saidAtStart(lab, process, true)) }),
      });
    }
    return { databases: databases.length, types };
  },

  judge({ databases, types }) {
    if (databases === 0) return inapplicable("the app has no SQL database");
    const findings = types
      .map(({ type, statements, released = statements }) => ({ type, statements: released }))
      .filter(({ statements }) => statements.length > 0)
      .map(({ type, statements }) => ({
        subject: type,
        severity: statements.every((each) => libraries.test(each)) ? ("note" as const) : ("warning" as const),
        what: `the start of ${type} changes the schema: ${statements[0]}`,
        details: statements.slice(1, 5),
        control: "it was said by that process alone, to a database of its own",
        fix: { text: "put it into the release task: `release: node migrate.js`; it then runs once per release, before any process" },
      }));
    const spoke = types.filter((each) => each.spoke).map(({ type }) => type);
    return failOr(
      findings,
      "proven",
      pass("no start changes the schema", `what ${spoke.join(", ") || "nobody"} said to an empty database was read`),
    );
  },
};

/** What a process type says to the databases of its own while it starts, for each connection. */
async function saidAtStart(lab: Lab, { type, routed }: SubjectProcess, migrated: boolean): Promise<readonly Buffer[]> {
  await using sandbox = await lab.sandbox({ migrated });
  const databases = lab.subject.services.filter((service) => service.type === "postgres").map(({ name }) => sandbox.service(name));
  const heard = (): Promise<(readonly Buffer[])[]> => Promise.all(databases.map((database) => database.heard()));
  // The release task's own connections are the first.
  const before = await heard();
  await using started = await sandbox.start(type);
  if (routed) await isReady(sandbox, started, 8_000 * lab.slowness);
  else await started.process.until(() => started.process.end !== undefined, 2_000 * lab.slowness);
  await pause(300);
  return (await heard()).flatMap((connections, database) => connections.slice(before[database]?.length));
}

/** Statements of all connections that define something; a literal or a comment that has such words does not. */
function definitionsIn(connections: readonly Buffer[]): readonly string[] {
  const statements = connections
    .flatMap((sent) => statementsOf(sent))
    .flatMap((sql) => bareSql(sql).split(";"))
    .filter((sql) => definition.test(sql))
    .map((sql) => sql.replace(/\s+/g, " ").trim().slice(0, 120));
  return [...new Set(statements)];
}
