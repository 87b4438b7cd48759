import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const program = join(process.env["DOUZE_CLUSTER_BIN"] ?? join(homedir(), ".cache/douze/cluster"), "registry");

/** Whether `tools/cluster/build.mjs` has built one. */
export const hasRegistry: boolean = existsSync(program);

/** The password of `ana` is `pushme`. */
const passwords = "ana:$2y$05$0lOBuTguQEnzyM.aocrExeWNaOKNdBTswydzuJYhrWYFK9h260DMW\n";

/** A real registry on loopback. */
export class Registry implements AsyncDisposable {
  /** `127.0.0.1:41234` */
  readonly host: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #log: string[] = [];

  private constructor(host: string, folder: string, child: ChildProcess) {
    this.host = host;
    this.#folder = folder;
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#log.push(text));
  }

  /** @param guarded - only `ana` may do anything */
  static async start(guarded = false): Promise<Registry> {
    const folder = await mkdtemp(join(tmpdir(), "douze-registry-"));
    const port = await freePort();
    await writeFile(join(folder, "passwords"), passwords);
    const config = {
      version: 0.1,
      log: { accesslog: { disabled: true }, level: "info" },
      storage: { filesystem: { rootdirectory: join(folder, "data") } },
      http: { addr: `127.0.0.1:${port}` },
      ...(guarded && { auth: { htpasswd: { realm: "test", path: join(folder, "passwords") } } }),
    };
    await writeFile(join(folder, "config.yml"), JSON.stringify(config));
    const child = spawn(program, ["serve", join(folder, "config.yml")], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { OTEL_TRACES_EXPORTER: "none" },
    });
    const registry = new Registry(`127.0.0.1:${port}`, folder, child);
    for (let look = 0; look < 200; look++) {
      const answer = await fetch(`http://${registry.host}/v2/`).catch(() => undefined);
      if (answer) return registry;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the registry did not start: ${registry.#log.join("")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#child.exitCode === null) this.#child.once("exit", () => resolve());
    else resolve();
    this.#child.kill("SIGKILL");
    await promise;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
