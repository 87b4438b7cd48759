import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Agent, createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** Passes on what is asked of an API server, and counts it. */
export interface Counting extends AsyncDisposable {
  /** Leads here. */
  readonly kubeconfig: string;
  /** Since it was last asked. */
  taken(): { readonly requests: number; readonly kilobytes: number };
}

export async function counting(server: string, token: string, folder: string): Promise<Counting> {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const name = ["-subj", "/CN=localhost", "-days", "2", "-nodes", "-newkey", "rsa:2048"];
  execFileSync("openssl", ["req", "-x509", ...name, "-keyout", key, "-out", cert], { stdio: "ignore" });
  let requests = 0;
  let bytes = 0;
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  const own = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (from, to) => {
    requests++;
    const { method, headers, url = "" } = from;
    const on = request(`${server}${url}`, { method, headers, agent }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      // A watch begins before anything happens.
      to.flushHeaders();
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.pipe(to);
    });
    on.on("error", () => to.destroy());
    to.on("close", () => on.destroy());
    from.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    from.pipe(on);
  });
  own.listen(0, "127.0.0.1");
  await new Promise((resolve) => own.once("listening", resolve));
  const kubeconfig = join(folder, "counted");
  const cluster = { server: `https://127.0.0.1:${(own.address() as AddressInfo).port}`, "insecure-skip-tls-verify": true };
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "counted",
      clusters: [{ name: "counted", cluster }],
      users: [{ name: "admin", user: { token } }],
      contexts: [{ name: "counted", context: { cluster: "counted", user: "admin" } }],
    }),
    { mode: 0o600 },
  );
  return {
    kubeconfig,
    taken: () => {
      const so = { requests, kilobytes: Math.round(bytes / 1024) };
      requests = 0;
      bytes = 0;
      return so;
    },
    [Symbol.asyncDispose]: async () => {
      own.closeAllConnections();
      await new Promise((resolve) => own.close(resolve));
      agent.destroy();
    },
  };
}
