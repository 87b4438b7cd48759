import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { programOf, shellCommand } from "../../src/plan/command.ts";

test.each([
  ["node web.js", "exec node web.js"],
  ["  node web.js", "  exec node web.js"],
  ["gunicorn -w $(nproc) app:app", "exec gunicorn -w $(nproc) app:app"],
  ["NODE_ENV=production FOO='a b' node web.js", "NODE_ENV=production FOO='a b' exec node web.js"],
  ['node -e "a; b && c"', 'exec node -e "a; b && c"'],
  ["node web.js 2>&1", "exec node web.js 2>&1"],
  ["node web.js >log 2>&1 </dev/null", "exec node web.js >log 2>&1 </dev/null"],
  ["echo ${A:-x;y} `date; id` \\; '|'", "exec echo ${A:-x;y} `date; id` \\; '|'"],
  ['echo "$(echo ")" ; true)"', 'exec echo "$(echo ")" ; true)"'],
])("%s runs without a shell in between", (command, text) => {
  expect(shellCommand(command)).toBe(text);
});

test.each([
  "a && b",
  "a | b",
  "a; b",
  "a & b",
  "a &",
  "(a)",
  "a\nb",
  "cd web && node web.js",
  "cd web",
  "exec node web.js",
  "if true; then a; fi",
  "! a",
  ". ./env",
  "A=1",
  "echo 'not closed",
  "",
])("%j is left to the shell", (command) => {
  expect(shellCommand(command)).toBe(command);
});

test.each([
  ["node web.js", "node"],
  ["./serve.sh", "./serve.sh"],
  ["A=1 bin/start x", "bin/start"],
])("the program of %j is known", (command, program) => {
  expect(programOf(command)).toBe(program);
});

test.each(["$RUNNER web.js", "~/bin/x", "a && b", "cd web", "exec node x", "PATH=bin:$PATH tool", '"my tool"'])(
  "that of %j only a shell knows",
  (command) => {
    expect(programOf(command)).toBeUndefined();
  },
);

test("a shell does the same with it and without", () => {
  const piece = fc.constantFrom(
    "echo",
    "x",
    "'a;b'",
    '"c d"',
    "$A",
    "${A:-e f}",
    "$(echo g; echo h)",
    "`echo i`",
    "\\;",
    "2>&1",
    ";",
    "&&",
    "||",
    "|",
    "(",
    ")",
    "cat",
    "true",
    "false",
    "B=1",
    ">/dev/null",
    "!",
    "{",
    "}",
  );
  const run = (command: string): string => {
    try {
      return execFileSync("/bin/sh", ["-c", command], {
        encoding: "utf8",
        env: { PATH: "/usr/bin:/bin", A: "z" },
        stdio: ["ignore", "pipe", "ignore"],
      });
    } catch (error) {
      const { status, stdout } = error as { readonly status: number; readonly stdout: string };
      // Where there is no such program, shells and `exec` say so with statuses of their own.
      return status > 125 ? "none" : `${stdout}${status}`;
    }
  };
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
      const command = pieces.join(" ");
      expect(run(shellCommand(command))).toBe(run(command));
    }),
    { numRuns: 60 },
  );
});
