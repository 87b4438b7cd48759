import type { Outcome } from "@douze/core";
import type { Operations } from "@douze/engine";
import { expect, test } from "vitest";
import { v } from "../../server/test/support/operations.ts";
import { type App, app } from "./support/app.ts";
import { douze, start } from "./support/douze.ts";
import { noTerminal, startInTerminal } from "./support/terminal.ts";

interface Recorded {
  readonly asked: Parameters<Operations["oneOff"]>[0][];
  readonly ended: { readonly run: string; readonly outcome: Outcome }[];
}

async function records(here: App, environment?: string): Promise<Recorded> {
  const recorded: Recorded = { asked: [], ended: [] };
  await here.answers(
    {
      oneOff: async (request) => {
        recorded.asked.push(request);
        return { run: "run.8", release: v(12), place: { cwd: here.folder, env: { PATH: "/usr/bin:/bin", GREETING: "Hola" } } };
      },
      oneOffEnded: async (request) => void recorded.ended.push(request),
    },
    environment,
  );
  return recorded;
}

test("it runs in the place of the release, and nothing of the caller's environment gets in", async () => {
  await using here = await app();
  const { asked, ended } = await records(here);

  const { code, stdout, stderr } = await douze(["run", "--", "/bin/sh", "-c", "pwd; env | sort | grep -v '^_='"], {
    in: "/",
    env: { DOUZE_STATE: "x", SECRET: "mine" },
  }).catch(() => ({ code: -1, stdout: "", stderr: "" }));
  expect(code).toBe(1); // not in an app's folder

  const inside = await douze(["run", "--", "/bin/sh", "-c", "pwd; env | sort | grep -v '^_='"], {
    in: here.folder,
    env: { SECRET: "mine" },
  });
  expect({ stdout, stderr: stderr.includes("app-not-found") }).toEqual({ stdout: "", stderr: true });
  expect(inside).toEqual({ code: 0, stdout: `${here.folder}\nGREETING=Hola\nPATH=/usr/bin:/bin\nPWD=${here.folder}\n`, stderr: "" });
  expect(asked).toEqual([
    { command: ["/bin/sh", "-c", "pwd; env | sort | grep -v '^_='"], by: expect.any(String) as string, pid: expect.any(Number) as number },
  ]);
  expect(ended).toEqual([{ run: "run.8", outcome: { by: "exit", code: 0 } }]);
});

test.for([
  [["sh", "-c", "exit 7"], 7, { by: "exit", code: 7 }],
  [["sh", "-c", "kill -SEGV $$"], 139, { by: "signal", signal: "SIGSEGV" }],
  [["sh", "-c", "kill -KILL $$"], 137, { by: "signal", signal: "SIGKILL" }],
  [["exit 5; # a shell's line"], 5, { by: "exit", code: 5 }],
] as const)("%j: its exit status is ours, and its end is recorded", async ([command, code, outcome]) => {
  await using here = await app();
  const { ended } = await records(here);

  expect((await douze(["run", "--", ...command], { in: here.folder })).code).toBe(code);
  expect(ended).toEqual([{ run: "run.8", outcome }]);
});

test("standard input is the command's, and its arguments stay as they were", async () => {
  await using here = await app();
  await records(here);

  const { stdout } = await douze(["run", "sh", "-c", 'cat; printf "[%s]" "$@"', "sh", "-e", "--json", "a b", ""], {
    in: here.folder,
    input: "in\n",
  });

  expect(stdout).toBe("in\n[-e][--json][a b][]");
});

test("options of ours may stand between `run` and the command", async () => {
  await using here = await app();
  const development = await records(here);
  const staging = await records(here, "staging");

  expect((await douze(["run", "--env", "staging", "--", "true"], { in: here.folder })).code).toBe(0);
  expect([development.ended.length, staging.ended.length]).toEqual([0, 1]);
});

test.for(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
  "%s to us is passed on, and we wait for what the command makes of it",
  async (signal) => {
    await using here = await app();
    const { ended } = await records(here);
    await using running = start(
      ["run", "--", "sh", "-c", `trap 'echo got it; exit 3' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`],
      { in: here.folder },
    );
    await running.printed("ready");

    running.child.kill(signal);

    expect(await running.ended).toEqual({ code: 3, stdout: "ready\ngot it\n", stderr: "" });
    expect(ended).toEqual([{ run: "run.8", outcome: { by: "exit", code: 3 } }]);
  },
);

test("a command that is not there: a problem, and the one-off is recorded as ended", async () => {
  await using here = await app();
  const { ended } = await records(here);

  const { code, stderr } = await douze(["run", "--", "no-such-program"], { in: here.folder });

  expect(code).toBe(1);
  expect(stderr).toContain("code: command-not-found");
  expect(ended).toEqual([{ run: "run.8", outcome: { by: "exit", code: 127 } }]);
});

test("an engine that went away meanwhile does not change the command's exit status", async () => {
  await using here = await app();
  await here.answers({
    oneOff: async () => ({ run: "run.8", release: v(12), place: { cwd: here.folder, env: { PATH: "/usr/bin:/bin" } } }),
  });

  const { code, stderr } = await douze(["run", "--", "sh", "-c", "rm .douze/environments/development/engine.sock; exit 4"], {
    in: here.folder,
  });

  expect(code).toBe(4);
  expect(stderr).toContain("could not be told that run.8 has ended");
});

test("in a terminal: it says which release, the command has the terminal, and Ctrl-C is the command's", async ({ skip }) => {
  if (noTerminal) skip(noTerminal);
  await using here = await app();
  const { ended } = await records(here);
  await using running = startInTerminal(
    ["run", "--", "sh", "-c", "trap 'echo interrupted; exit 9' INT; tty; stty size >/dev/null && echo sized; while :; do sleep 0.05; done"],
    { in: here.folder },
  );
  await running.printed("sized");

  running.type("\u0003");

  const { code, stdout } = await running.ended;
  expect(code).toBe(9);
  expect(stdout).toContain("run.8 in v12, on this machine");
  expect(stdout).toMatch(/\/dev\/pts\/\d+/);
  expect(stdout.match(/interrupted/g)).toHaveLength(1);
  expect(ended).toEqual([{ run: "run.8", outcome: { by: "exit", code: 9 } }]);
});
