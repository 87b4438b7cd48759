// All benchmarks, one after the other: `npm run bench`. Each says what it needs; rows of what is not installed are missing and said to be.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const programs = [
  "socket/socket.ts",
  "router/router.ts",
  "logs/bench.ts",
  "logs/peers.ts",
  "start/start.ts",
  "start/peers.ts",
  "platform/platform.ts",
  "platform/peers.ts",
  "release/release.ts",
  "kubernetes/kubernetes.ts",
  "kit/kit.ts",
  "lab/check.ts",
  "lab/sandbox.ts",
];

for (const program of programs) {
  console.log(`\n# bench/${program}`);
  const { status } = spawnSync(process.execPath, ["--conditions=douze-source", join(import.meta.dirname, program)], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
