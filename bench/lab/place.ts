import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Manifest, manifestFromFiles } from "@douze/core";
import { Cell } from "../../packages/lab/src/sandbox/cell.ts";
import { Sandbox } from "../../packages/lab/src/sandbox/sandbox.ts";
import type { Tools } from "../../packages/lab/src/sandbox/tools.ts";

/** A sandbox with one file to run in it, as a check gets one. */
export interface Place extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** Where the file lies outside. */
  readonly tree: string;
}

const home = dirname(dirname(process.execPath));

export async function openPlace(tools: Tools, name: string, text: string): Promise<Place> {
  const rest = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "douze-bench-lab-"));
  rest.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const tree = join(folder, "tree");
  await mkdir(tree);
  await writeFile(join(tree, name), text);
  const command = `node ${name}`;
  const sandbox = rest.use(
    await Sandbox.open({
      tools,
      cell: rest.use(await Cell.open(tools)),
      folder,
      subject: {
        app: "bench",
        directory: tree,
        manifest: manifestFromFiles({ Procfile: `web: ${command}` }, "bench") as Manifest,
        processes: [{ type: "web", command, declared: command, from: "Procfile", routed: true }],
        variables: [],
        services: [],
        hints: { http: [], allowWrite: [] },
      },
      build: {
        tree,
        digest: "sha256:0",
        dirty: false,
        language: "node",
        env: {},
        path: [],
        runtimes: [join(home, "bin")],
        seen: home.startsWith("/usr") ? [] : [home],
      },
      services: [],
      firstPort: 21_000,
      tell: () => undefined,
    }),
  );
  return { sandbox, tree, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() };
}
