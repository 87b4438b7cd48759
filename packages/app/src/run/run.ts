import { basename } from "node:path";
import { declarationsOf } from "../config/config.ts";
import { withoutConfigFlags } from "../config/sources.ts";
import { log } from "../log/log.ts";
import { platform } from "../platform.ts";
import { Problem } from "../problem.ts";
import { crash, onStop, setStopGrace, stopProcess, stopping } from "../stop/stop.ts";
import { telemetry } from "../telemetry/telemetry.ts";
import { choose } from "./choose.ts";
import { consoleTask } from "./console.ts";
import { helpText } from "./help.ts";
import type { Task } from "./task.ts";

/** Starts what a process of this type does, and resolves when it does it. @param signal - aborts when the process is told to stop */
export type ProcessStart = (signal: AbortSignal) => unknown;

export interface AppDeclaration {
  /** By process type: `web`, `worker`, `clock`. */
  readonly processes: Readonly<Record<string, ProcessStart>>;
  /** By name. `console` is there without being declared. */
  readonly tasks?: Readonly<Record<string, Task>>;
  /** What `console` has at hand: config, resources. */
  readonly console?: Readonly<Record<string, unknown>>;
  /** How long a stop may take, in milliseconds. Default `STOP_GRACE_MS`, or 25_000. */
  readonly graceMs?: number;
  /** The app's config: its flags are no words of a task. */
  readonly config?: object;
  /** The words after the program's name. Default those of this process. */
  readonly argv?: readonly string[];
}

/**
 * Is what it is asked to be: `node app.ts web`, `node app.ts migrate --dry-run`, `node app.ts console`; without a word what the platform says,
 * and without a platform every process type in one process. Sends telemetry where the environment names an endpoint.
 */
export async function run(app: AppDeclaration): Promise<void> {
  const { processes, tasks = {}, config, graceMs, argv = process.argv.slice(2) } = app;
  const all: Readonly<Record<string, Task>> = {
    ...tasks,
    console: tasks["console"] ?? consoleTask({ ...(config && { config }), ...app.console }),
  };
  const words = withoutConfigFlags(declarationsOf(config), argv);
  const chosen = choose(words, platform.process, Object.keys(processes), Object.keys(all));
  if (chosen.is === "help") {
    process.stdout.write(helpText(basename(process.argv[1] ?? "app"), Object.keys(processes), all));
    return;
  }
  if (graceMs !== undefined) setStopGrace(graceMs);
  // Whoever ends in order heeds signals, even with nothing to close.
  onStop("flush", "log", () => undefined);
  try {
    if (chosen.is === "unknown") throw unknown(chosen.name, [...Object.keys(processes), ...Object.keys(all)]);
    await telemetry();
    if (chosen.is === "task") {
      await all[chosen.name]?.run(chosen.words, stopping);
      await stopProcess(0);
    } else {
      await Promise.all(chosen.names.map((name) => processes[name]?.(stopping)));
      log.debug("started", { processes: chosen.names });
    }
  } catch (error) {
    // The end of what was told to stop is no failure of its own.
    if (stopping.aborted) return;
    if (error instanceof Problem) {
      process.stderr.write(error.text);
      await stopProcess(error.exitCode);
    } else crash(error);
  }
}

function unknown(name: string, known: readonly string[]): Problem {
  return new Problem({
    code: "process-unknown",
    what: `there is nothing called ${name} here`,
    why: `this program can be ${known.join(", ")}`,
    fix: "name one of them, or see `help`",
  });
}
