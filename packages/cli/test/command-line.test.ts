import { expect, test } from "vitest";
import { calledCommand, hoisted, wantsJson } from "../src/command-line.ts";

test.for([
  [[], undefined],
  [["--json"], undefined],
  [["ps"], "ps"],
  [["--dir", "ps", "logs"], "logs"],
  [["-e", "staging", "--json", "ps"], "ps"],
  [["--env=staging", "ps"], "ps"],
  [["help", "scale"], "scale"],
  [["help"], undefined],
] as const)("%j calls %s", ([argv, name]) => {
  expect(calledCommand(argv)).toBe(name);
});

test.for([
  [
    ["run", "--", "ls"],
    ["run", "--", "ls"],
  ],
  [
    ["run", "--env", "staging", "--detach", "--json", "--", "ls", "--json"],
    ["--env", "staging", "--json", "run", "--detach", "--", "ls", "--json"],
  ],
  [
    ["--dir", "run", "run", "-C", "x", "ls", "-e", "y"],
    ["--dir", "run", "-C", "x", "run", "ls", "-e", "y"],
  ],
  [
    ["run", "-d", "node", "--json"],
    ["run", "-d", "node", "--json"],
  ],
  [
    ["run", "--env"],
    ["--env", "run"],
  ],
  [
    ["ps", "--env", "staging"],
    ["ps", "--env", "staging"],
  ],
] as const)("%j is read as %j", ([argv, read]) => {
  expect(hoisted(argv)).toEqual(read);
});

test("what follows `--` is not ours", () => {
  expect([wantsJson(["ps", "--json"]), wantsJson(["run", "--", "x", "--json"])]).toEqual([true, false]);
});
