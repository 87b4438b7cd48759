// `npm run reports`: what `douze check` says of the examples and of Douze's own server, as docs/reports shows it.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const parent = mkdtempSync(join(tmpdir(), "reports-"));
const clone = join(parent, "douze");
const subjects = [
  ["plain", "examples/plain"],
  ["flask", "examples/flask"],
  ["hola", "examples/hola"],
  ["server", ".", "--start", "DOUZE_STATE=/tmp/state-$PORT exec node packages/cli/bin/douze.js serve examples/plain"],
];

try {
  // What is committed, and nothing else.
  execFileSync("git", ["clone", "--quiet", root, clone], { stdio: "inherit" });
  for (const [name, folder, ...words] of subjects) {
    const report = join(root, "docs/reports", `${name}.html`);
    const { status } = spawnSync(
      process.execPath,
      [join(root, "packages/cli/bin/douze.js"), "check", folder, "--seed", "douze", "--report", report, ...words],
      { cwd: clone, stdio: "inherit" },
    );
    if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(parent, { recursive: true });
}
