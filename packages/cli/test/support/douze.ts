import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

// What was stripped of its types once is kept: a test starts the program dozens of times.
const cache = fileURLToPath(new URL("../../../../node_modules/.cache/node", import.meta.url));
const program = fileURLToPath(new URL("../fixtures/douze.ts", import.meta.url));

/** What a shell would see of a command. */
export interface Ended {
  /** Exit status, or 128 and the signal's number. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly in: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Undefined keeps standard input open. Default: empty. */
  readonly input?: string | undefined;
  /** Descriptors of this process that it inherits, from 3. */
  readonly fds?: readonly number[];
}

/** A command that runs. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Resolves when its standard output holds this text. */
  printed(text: string): Promise<void>;
  /** Resolves when so many lines of its standard output begin with this text. */
  lines(beginning: string, count: number): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** The argv that starts the program, for a shell. */
export const line: readonly string[] = [process.execPath, "--conditions=douze-source", program];

/** Starts the real program. */
export function start(words: readonly string[], options: Options): Running {
  return startProgram(line[0] ?? "", [...line.slice(1), ...words], options);
}

export function startProgram(file: string, words: readonly string[], options: Options): Running {
  const { in: cwd, env = {}, fds = [] } = options;
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(file, words, {
    cwd,
    env: { PATH, HOME, TZ: "UTC", NODE_COMPILE_CACHE: cache, ...env },
    stdio: ["pipe", "pipe", "pipe", ...fds],
  });
  const [input, output, problems] = [child.stdin, child.stdout, child.stderr];
  if (!input || !output || !problems) throw new Error("it was started without pipes");
  let [stdout, stderr] = ["", ""];
  const more = new EventTarget();
  output.setEncoding("utf8").on("data", (part: string) => {
    stdout += part;
    more.dispatchEvent(new Event("more"));
  });
  problems.setEncoding("utf8").on("data", (part: string) => {
    stderr += part;
  });
  input.on("error", () => undefined);
  if (!("input" in options)) input.end();
  else if (options.input !== undefined) input.end(options.input);
  const ended = once(child, "close").then((values) => {
    const [code, signal] = values as [number | null, NodeJS.Signals | null];
    more.dispatchEvent(new Event("more"));
    return { code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), stdout, stderr };
  });
  const until = async (holds: () => boolean, wanted: string): Promise<void> => {
    while (!holds()) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended without printing ${wanted}: ${stdout}${stderr}`);
      await once(more, "more");
    }
  };
  return {
    child,
    ended,
    printed: (text) => until(() => stdout.includes(text), text),
    lines: (beginning, count) => until(() => `\n${stdout}`.split(`\n${beginning}`).length > count, `${beginning} ${count} times`),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs the real program to its end. */
export async function douze(words: readonly string[], options: Options): Promise<Ended> {
  await using running = start(words, options);
  return await running.ended;
}
