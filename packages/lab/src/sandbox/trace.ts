/** What an app's processes did, as `strace` saw it, in order. Times are in milliseconds since the epoch. */
export interface Trace {
  readonly execs: readonly Exec[];
  readonly opens: readonly Opened[];
  readonly connects: readonly Connect[];
}

export interface Exec {
  readonly at: number;
  readonly pid: number;
  readonly program: string;
  readonly arguments: readonly string[];
}

export interface Opened {
  readonly at: number;
  readonly pid: number;
  readonly path: string;
  readonly append: boolean;
  readonly writes: boolean;
  /** `ENOENT`, `EROFS` … */
  readonly failed?: string;
}

export interface Connect {
  readonly at: number;
  readonly pid: number;
  readonly address: string;
  readonly port: number;
  readonly failed?: string;
}

/**
 * The tracer stands aside (`-DDD`: a session of its own), so that signals, exit status and process groups are the app's own; by
 * `--seccomp-bpf` the app is stopped at these calls alone.
 */
export function traceArguments(file: string): string {
  return `-DDD -f --seccomp-bpf -qq -ttt -s 256 -o ${file} -e trace=execve,execveat,open,openat,openat2,connect`;
}

const call = /^(\d+) +(\d+\.\d+) (\w+)\((.*)$/;

/** Pure. Calls that strace tells in two parts are put together. */
export function readTrace(text: string): Trace {
  const execs: Exec[] = [];
  const opens: Opened[] = [];
  const connects: Connect[] = [];
  const unfinished = new Map<string, string>();
  for (const line of text.split("\n")) {
    const whole = joined(line, unfinished);
    const [, pid, seconds, name, rest = ""] = (whole === undefined ? undefined : call.exec(whole)) ?? [];
    if (pid === undefined || seconds === undefined) continue;
    const base = { at: Number(seconds) * 1000, pid: Number(pid) };
    const failed = / = -1 (E\w+)/.exec(rest)?.[1];
    const failure = failed === undefined ? {} : { failed };
    if (name === "execve" || name === "execveat") {
      if (failed !== undefined) continue;
      const list = strings(rest);
      const [program = "", ...args] = list;
      execs.push({ ...base, program, arguments: args });
    } else if (name === "connect") {
      const port = /sin6?_port=htons\((\d+)\)/.exec(rest)?.[1];
      const address = /(?:sin_addr=inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"/.exec(rest)?.[1];
      if (port !== undefined && address !== undefined)
        connects.push({ ...base, address: address.replace(/^::ffff:/, ""), port: Number(port), ...failure });
    } else {
      const [path] = strings(rest);
      if (path !== undefined)
        opens.push({ ...base, path, append: rest.includes("O_APPEND"), writes: /O_WRONLY|O_RDWR|O_CREAT/.test(rest), ...failure });
    }
  }
  return { execs, opens, connects };
}

function joined(line: string, unfinished: Map<string, string>): string | undefined {
  const begun = /^(\d+) +\d+\.\d+ .* <unfinished \.\.\.>$/.exec(line);
  if (begun?.[1]) {
    unfinished.set(begun[1], line.replace(/ <unfinished \.\.\.>$/, ""));
    return undefined;
  }
  const resumed = /^(\d+) +\d+\.\d+ <\.\.\. \w+ resumed>(.*)$/.exec(line);
  if (!resumed?.[1]) return line;
  const head = unfinished.get(resumed[1]);
  unfinished.delete(resumed[1]);
  return head === undefined ? undefined : head + resumed[2];
}

/** The quoted strings of a call's arguments, with strace's escapes undone. */
function strings(rest: string): string[] {
  return [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
    text.replace(/\\(\d{1,3}|.)/g, (_, code: string) =>
      /^\d/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : ({ n: "\n", t: "\t", r: "\r" }[code] ?? code),
    ),
  );
}
