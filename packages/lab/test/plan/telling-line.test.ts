import { expect, test } from "vitest";
import { errorLine, tellingLine } from "../../src/plan/telling-line.ts";

test.for([
  [
    "Node",
    `/app/server.js:12
app.use(session());
        ^

TypeError: session is not a function
    at Object.<anonymous> (/app/server.js:12:9)
    at node:internal/main/run_main_module:33:47

Node.js v24.21.0`,
    "TypeError: session is not a function",
  ],
  [
    "Node, with the fields of a system error",
    `node:fs:1402
Error: ENOENT: no such file or directory, mkdir 'uploads/'
    at Object.mkdirSync (node:fs:1402:26) {
  errno: -2,
  code: 'ENOENT',
  syscall: 'mkdir',
  path: 'uploads/'
}

Node.js v24.21.0`,
    "Error: ENOENT: no such file or directory, mkdir 'uploads/'",
  ],
  [
    "Python below gunicorn, whose own error comes last",
    `[2026-01-01 10:00:00 +0000] [7] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/app/app.py", line 24, in <module>
    db.create_all()
OSError: [Errno 30] Read-only file system: '/app/instance'
[2026-01-01 10:00:00 +0000] [1] [ERROR] Worker (pid:7) exited with code 3.
Traceback (most recent call last):
  File "/app/.venv/lib/python3.11/site-packages/gunicorn/arbiter.py", line 530, in reap_workers
    raise HaltServer(reason, self.WORKER_BOOT_ERROR)
gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>`,
    "OSError: [Errno 30] Read-only file system: '/app/instance'",
  ],
  [
    "Ruby",
    `/app/app.rb:3:in \`fetch': key not found: "SECRET" (KeyError)
	from /app/app.rb:3:in \`<main>'`,
    '/app/app.rb:3:in `fetch\': key not found: "SECRET" (KeyError)',
  ],
  [
    "Go",
    `panic: open /data/notes: no such file or directory

goroutine 1 [running]:
main.main()
	/src/main.go:12 +0x1d`,
    "panic: open /data/notes: no such file or directory",
  ],
  [
    "Java",
    `Exception in thread "main" java.lang.IllegalStateException: DATABASE_URL is not set
	at Main.main(Main.java:9)
	... 3 more`,
    'Exception in thread "main" java.lang.IllegalStateException: DATABASE_URL is not set',
  ],
  [
    "Maven, in colours",
    "its last lines:\n  \u001b[0m[ERROR] Source option 5 is no longer supported. Use 7 or later.\n  [ERROR] -> [Help 1]",
    "[ERROR] Source option 5 is no longer supported. Use 7 or later.",
  ],
  ["a build of npm", "npm warn config\n\n> build\n> nest build\n\n   Error  No compiler was found.\n", "Error  No compiler was found."],
  [
    "npm",
    "its last lines:\n  npm error code EUSAGE\n  npm error\n  npm error `npm ci` can only install packages when they are in sync.",
    "npm error `npm ci` can only install packages when they are in sync.",
  ],
  ["a shell", "sh: 1: gunicorn: not found", "sh: 1: gunicorn: not found"],
  ["what has no error", "starting\nlistening at 3000\n", "listening at 3000"],
] as const)("of the last words of %s", ([, text, expected]) => {
  expect(tellingLine(text.split("\n"))).toBe(expected);
});

test("who says nothing has no telling line", () => {
  expect(tellingLine([])).toBeUndefined();
  expect(tellingLine(["", "  "])).toBeUndefined();
});

test("what is no error is none, though it is the last word", () => {
  expect(errorLine(["listening at 3000"])).toBeUndefined();
  expect(errorLine(["listening at 3000", "ValueError: Missing staticfiles manifest entry for 'style.css'", "GET / 500"])).toBe(
    "ValueError: Missing staticfiles manifest entry for 'style.css'",
  );
});
