import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Operations } from "@douze/engine";
import { serve } from "@douze/server";
import { type Called, fixedOperations } from "../../../server/test/support/operations.ts";

/** An app's folder. */
export interface App extends AsyncDisposable {
  readonly folder: string;
  /** Answers for an environment as an engine would, with fixed values: what a command makes of them is what is tested. */
  answers(operations?: Partial<Operations>, environment?: string): Promise<readonly Called[]>;
}

export async function app(): Promise<App> {
  const stack = new AsyncDisposableStack();
  const folder = await realpath(await mkdtemp(join(tmpdir(), "douze-cli-")));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "Procfile"), "web: node server.js\n");
  return {
    folder,
    async answers(operations = {}, environment = "development") {
      const state = join(folder, ".douze", "environments", environment);
      await mkdir(state, { recursive: true, mode: 0o700 });
      const called: Called[] = [];
      stack.use(await serve({ ...fixedOperations(called), ...operations }, join(state, "engine.sock"), { onDefect: () => undefined }));
      return called;
    },
    async [Symbol.asyncDispose]() {
      await stack.disposeAsync();
    },
  };
}
