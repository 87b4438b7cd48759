import { Agent, get } from "node:http";

export interface Answers {
  readonly ok: number;
  /** How often, by what went wrong. */
  readonly failed: Readonly<Record<string, number>>;
  readonly releases: ReadonlySet<string>;
}

/** Constant load on an address until it is stopped: half of it over kept connections, half over new ones. */
export function serviceLoad(host: string, path: string, releaseOf: (body: string) => string): { stop(): Promise<Answers> } {
  const end = new AbortController();
  let ok = 0;
  const failed: Record<string, number> = {};
  const releases = new Set<string>();
  const fail = (why: string): void => {
    failed[why] = (failed[why] ?? 0) + 1;
  };
  const ask = async (agent: Agent): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const request = get({ host, port: 80, path, agent, timeout: 10_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      response.on("error", (error: NodeJS.ErrnoException) => fail(`answer broken off: ${error.code}`));
      response.on("end", () => {
        if (response.statusCode === 200) ok++;
        else fail(`status ${response.statusCode}`);
        releases.add(releaseOf(body));
      });
      response.on("close", () => resolve());
    });
    request.on("timeout", () => request.destroy(Object.assign(new Error("no answer"), { code: "NO_ANSWER" })));
    request.on("error", (error: NodeJS.ErrnoException) => {
      fail(`${error.code}${request.reusedSocket ? " on a kept connection" : ""}`);
      resolve();
    });
    await promise;
  };
  const agents = [new Agent({ keepAlive: true, maxSockets: 4 }), new Agent({ keepAlive: false })];
  const clients = Array.from({ length: 6 }, async (_each, index) => {
    const agent = agents[index % 2] ?? new Agent();
    while (!end.signal.aborted) {
      await ask(agent);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  return {
    async stop() {
      end.abort();
      await Promise.all(clients);
      for (const agent of agents) agent.destroy();
      return { ok, failed, releases };
    },
  };
}
