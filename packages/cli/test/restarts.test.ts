import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Operations, ProcessView } from "@douze/engine";
import { connect, socketPath } from "@douze/server/client";
import { expect, test } from "vitest";
import { load } from "./support/load.ts";
import { Served } from "./support/serve.ts";
import { AppFolder } from "./support/up.ts";

/** Long on demand: `RESTARTS=3000 npx vitest run packages/cli/test/restarts.test.ts`. */
const asked = process.env["RESTARTS"];
const small = join(import.meta.dirname, "fixtures/small");
const timeLimit = (restarts: number): number => Math.max(180_000, restarts * 3_000);

/** An engine, asked without a command's start each time, and what it takes of the machine. */
class Watched {
  readonly engine: number;
  readonly api: Operations;
  readonly #state: string;

  private constructor(engine: number, state: string) {
    this.engine = engine;
    this.#state = state;
    // The folder's own path is short enough for a socket.
    this.api = connect(socketPath(state, "/"));
  }

  static async open(served: Served): Promise<Watched> {
    return new Watched(await served.enginePid(), realpathSync(join(served.app.folder, ".douze/environments/development")));
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.engine}/fd`).length;
  }

  get children(): number {
    return readFileSync(`/proc/${this.engine}/task/${this.engine}/children`, "utf8").trim().split(" ").length;
  }

  get mebibytes(): number {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.engine}/status`, "utf8"))?.[1]) / 1024;
  }

  /** Folders of starts. */
  get starts(): number {
    return readdirSync(join(this.#state, "run")).length;
  }

  get bundles(): number {
    return readdirSync(join(this.#state, "logs/crashes")).length;
  }

  async of(type: string): Promise<readonly ProcessView[]> {
    return (await this.api.processes()).filter(({ process: each }) => each === type);
  }

  /** Asks again until it holds; each answer is awaited, no time is. */
  async until(holds: (processes: readonly ProcessView[]) => boolean): Promise<void> {
    while (!holds(await this.api.processes()));
  }

  /** What the platform said of itself and did not mean well. */
  async troubles(): Promise<readonly string[]> {
    const said: string[] = [];
    const query = { processes: ["douze"], grep: "cannot be" };
    for await (const { text } of this.api.logs(query, new AbortController().signal)) said.push(text);
    return said;
  }
}

const inOrder = Number(asked ?? 25);

test(`${inOrder} restarts on request lose no request and leave nothing behind`, { timeout: timeLimit(inOrder) }, async () => {
  const app = await AppFolder.copyOf(small);
  await using served = await Served.start(app);
  expect((await app.run("deploy")).code).toBe(0);
  const watched = await Watched.open(served);
  const clients = load(served.port, { keeping: 2, fresh: 1 });
  /** Nothing of another is left. */
  const another = async (former?: number): Promise<number> => {
    let only: number | undefined;
    await watched.until((all) => {
      const [first, second] = all.filter(({ process: type }) => type === "web");
      only = first?.phase === "ready" && second === undefined && first.pid !== former ? first.pid : undefined;
      return only !== undefined;
    });
    return only ?? 0;
  };
  let pid = await another();
  const before = watched.descriptors;
  const memory = new Thirds(inOrder);
  for (let done = 0; done < inOrder; done++) {
    memory.note(done, watched.mebibytes);
    await watched.api.restart(["web"]);
    pid = await another(pid);
  }
  const { failures } = await clients.stop();
  expect(failures).toEqual([]);
  // Of each of two types what runs and the last that ended, and of the release its task.
  await watched.until(() => watched.starts <= 6);
  await watched.until(() => watched.descriptors <= before + 4);
  expect(await served.enginePid()).toBe(watched.engine);
  memory.expectNoGrowth(watched.mebibytes);
});

/** Of processes that end at once there are so many. */
const slots = 10;
const quickly = Number(asked ?? 200);

test(`a process that ends at once is started ${quickly} times: nothing grows, and others serve`, {
  timeout: timeLimit(quickly),
}, async ({ annotate }) => {
  const app = await AppFolder.copyOf(small);
  const manifest = join(app.folder, "douze.yaml");
  const broken = join(app.folder, "..", "broken");
  // Whole when it is released, or the release were refused.
  const command = `if [ -e "${broken}" ]; then echo the last words; exit 3; fi; exec sleep 31557`;
  const declared = `processes:\n  brief: { command: '${command}', settle: 10ms, scale: ${slots} }`;
  await writeFile(manifest, readFileSync(manifest, "utf8").replace("processes:", declared));
  await using served = await Served.start(app);
  expect((await app.run("deploy")).code).toBe(0);
  const watched = await Watched.open(served);
  await writeFile(broken, "");
  for (const { pid } of await watched.of("brief")) process.kill(pid ?? 0, "SIGKILL");
  const endedAfter = async (counts: readonly number[]): Promise<readonly number[]> => {
    let now: readonly ProcessView[] = [];
    await watched.until((all) => {
      now = all.filter(({ process: type }) => type === "brief");
      return now.every(({ phase, restarts }, index) => phase === "exited" && restarts > (counts[index] ?? 0));
    });
    return now.map(({ restarts }) => restarts);
  };
  let counts = await endedAfter([]);
  const [descriptors, children] = [watched.descriptors, watched.children];
  const [memory, times] = [new Thirds(quickly), new Thirds(quickly)];
  for (let done = 0; done < quickly; done += slots) {
    memory.note(done, watched.mebibytes);
    const begun = performance.now();
    // Who asks does not wait for the pause, which doubles from a second to a minute.
    await watched.api.restart(["brief"]);
    counts = await endedAfter(counts);
    times.note(done, (performance.now() - begun) / slots);
    expect((await fetch(served.address)).status).toBe(200);
  }
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(quickly / slots);
  await watched.until(() => watched.starts <= slots + 5);
  await watched.until(() => watched.descriptors <= descriptors + 4);
  await watched.until(() => watched.children <= children);
  expect(watched.bundles).toBe(50);
  expect(await watched.troubles()).toEqual([]);
  expect(await served.enginePid()).toBe(watched.engine);
  await annotate(`ms for each start: ${times}; engine, MiB: ${memory}, then ${watched.mebibytes.toFixed(0)}`);
  memory.expectNoGrowth(watched.mebibytes);
  times.expectNoMoreThan(3);
});

/** A figure over the thirds of a test: in the first one everything is new. */
class Thirds {
  readonly #total: number;
  readonly #figures: [number[], number[], number[]] = [[], [], []];

  constructor(total: number) {
    this.#total = total;
  }

  note(done: number, figure: number): void {
    this.#figures[Math.floor((3 * done) / this.#total)]?.push(figure);
  }

  /** What is collected only later comes and goes. */
  expectNoGrowth(last: number): void {
    expect(last).toBeLessThan(Math.max(...this.#figures[1]) + 32);
  }

  /** Of few restarts the times are those of a busy machine. */
  expectNoMoreThan(times: number): void {
    const [, second, third] = this.#middles;
    if (this.#total >= 1_000) expect(third).toBeLessThan(second * times);
  }

  get #middles(): [number, number, number] {
    const [first, second, third] = this.#figures.map((list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0);
    return [first ?? 0, second ?? 0, third ?? 0];
  }

  toString(): string {
    return this.#middles.map((figure) => figure.toFixed(1)).join(", ");
  }
}
