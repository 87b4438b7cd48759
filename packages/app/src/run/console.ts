import { homedir } from "node:os";
import { join } from "node:path";
import { platform } from "../platform.ts";
import type { Task } from "./task.ts";

/** A prompt with what the app has at hand: its config, its resources. It takes `await`. */
export function consoleTask(hand: Readonly<Record<string, unknown>>): Task {
  return {
    description: "a prompt with config and resources at hand",
    args: {},
    async run(_words, signal) {
      const { start } = await import("node:repl");
      const { app = "app", environment, release } = platform;
      const place = [environment, release].filter(Boolean).join(" ");
      process.stdout.write(`${app}${place && ` (${place})`}; at hand: ${Object.keys(hand).join(", ")}\n`);
      const repl = start({ prompt: `${app}> `, useGlobal: true });
      Object.assign(repl.context, hand);
      // What is typed may hold what nobody else should read.
      repl.setupHistory(process.env["NODE_REPL_HISTORY"] ?? join(homedir(), ".node_repl_history"), () => undefined);
      const { promise, resolve } = Promise.withResolvers<void>();
      repl.once("exit", resolve);
      signal.addEventListener("abort", () => repl.close(), { once: true });
      await promise;
    },
  };
}
