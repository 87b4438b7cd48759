import { request } from "node:http";
import { type ObservedProcess, readMetric, type ScalingMetric } from "@douze/core";

const timeoutMs = 5_000;
/** What `/metrics` of a large app may have. */
const mostBytes = 4 * 1024 * 1024;

/** Asks one of the processes for a number. @returns nothing where none is ready, or it does not answer 200 with one in time */
export async function askMetric(
  processes: readonly ObservedProcess[],
  host: string,
  { process, path, name }: ScalingMetric,
  signal: AbortSignal,
): Promise<number | undefined> {
  const asked = processes.find(({ slot, phase }) => slot.process === process && phase === "ready");
  if (asked?.phase !== "ready" || asked.port === undefined) return undefined;
  const { port } = asked;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const headers = { host, "user-agent": "douze-metric", accept: "text/plain, */*;q=0.1", connection: "close" };
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const asking = request({ host: "127.0.0.1", port, path, headers, signal: until });
  asking.once("response", (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => {
      text += part;
      if (text.length > mostBytes) response.destroy();
    });
    response.once("end", () => resolve(response.statusCode === 200 ? text : undefined));
    response.once("close", () => resolve(undefined));
  });
  asking.on("error", () => resolve(undefined));
  asking.end();
  const text = await promise;
  return text === undefined ? undefined : readMetric(text, name);
}
