import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import type { ProcessView, ReleaseView } from "@douze/engine";
import { expect, test } from "vitest";
import { makeCertificate } from "../../local/test/support/certificate.ts";
import { freePort } from "../../local/test/support/free-port.ts";
import { Served } from "./support/serve.ts";
import { AppFolder } from "./support/up.ts";

const small = join(import.meta.dirname, "fixtures/small");
const slow = { timeout: 60_000, interval: 100 };

async function appWith(inventory: string): Promise<AppFolder> {
  const app = await AppFolder.copyOf(small);
  await mkdir(join(app.folder, "inventory"));
  await writeFile(join(app.folder, "inventory/development.yaml"), inventory);
  return app;
}

/** Whose certificate a port shows, and by whom it was given. */
async function shown(
  port: number,
  servername: string,
  ca: string | undefined,
): Promise<{ readonly subject: string; readonly issuer: string; readonly trusted: boolean }> {
  const socket = connectTls({ port, host: "127.0.0.1", servername, rejectUnauthorized: false, ...(ca !== undefined && { ca }) });
  await once(socket, "secureConnect");
  const { subjectaltname = "", issuer } = socket.getPeerCertificate();
  const found = { subject: subjectaltname, issuer: String(issuer?.CN), trusted: socket.authorized };
  socket.end();
  await once(socket, "close");
  return found;
}

async function plainly(
  port: number,
  path: string,
  host: string,
): Promise<{ readonly status: number; readonly location: string | undefined }> {
  const asking = request({ port, host: "127.0.0.1", path, headers: { host } });
  asking.end();
  const [response] = (await once(asking, "response")) as [import("node:http").IncomingMessage];
  response.resume();
  return { status: response.statusCode ?? 0, location: response.headers.location };
}

test("an app is served over TLS, HTTP/2 included, over releases and a new engine; its plain port leads there", async () => {
  const folder = mkdtempSync(join(tmpdir(), "douze-cert-"));
  const { cert, key } = makeCertificate(folder, "shop", ["DNS:shop.example", "IP:127.0.0.1"]);
  const plain = await freePort();
  const app = await appWith(
    `target:\n  hosts: [shop.example]\n  tls:\n    certificates: [{ cert: ${cert}, key: ${key} }]\n    redirect: ${plain}\n    hsts: 365d\n`,
  );
  await using served = await Served.start(app);
  expect((await app.run("deploy")).code).toBe(0);
  const { port } = served;
  const client = connectHttp2(`https://127.0.0.1:${port}`, { ca: readFileSync(cert) });
  client.on("error", () => undefined);
  const ask = async (): Promise<{ status: unknown; hsts: unknown; body: { text: string; release: string } }> => {
    const stream = client.request({ ":path": "/", ":authority": "shop.example" });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    return { status: headers[":status"], hsts: headers["strict-transport-security"], body: JSON.parse(await text(stream)) };
  };
  expect(await ask()).toMatchObject({ status: 200, hsts: "max-age=31536000", body: { release: "v1" } });
  expect(await plainly(plain, "/a?b", "shop.example")).toEqual({ status: 308, location: `https://shop.example:${port}/a?b` });
  const [web] = await served.ask<ProcessView[]>("ps", "web");
  expect(web?.requests).toEqual({ via: "router", why: "TLS ends in the router" });
  expect(await served.ask<ReleaseView>("deploy", "--set", "TEXT=second")).toMatchObject({ status: "current" });
  expect(await ask()).toMatchObject({ body: { text: "second", release: "v2" } });
  process.kill(await served.enginePid(), "SIGKILL");
  expect(await ask()).toMatchObject({ body: { release: "v2" } });
  await served.engines(2);
  expect(await ask()).toMatchObject({ body: { release: "v2" } });
  expect(await plainly(plain, "/", "shop.example")).toMatchObject({ status: 308 });
  client.destroy();
});

const hasPebble = existsSync("/usr/bin/pebble") && existsSync("/usr/bin/pebble-challtestsrv");
if (!hasPebble) console.warn("pebble is not installed: the test of ACME is skipped");

/** An authority that speaks RFC 8555, as Let's Encrypt does, for tests: with a name server that says every name is here. */
class Authority implements AsyncDisposable {
  readonly directory: string;
  /** File that its own server is trusted by. */
  readonly ca: string;
  readonly #children: readonly ChildProcess[];

  private constructor(directory: string, ca: string, children: readonly ChildProcess[]) {
    this.directory = directory;
    this.ca = ca;
    this.#children = children;
  }

  static async start(httpPort: number): Promise<Authority> {
    const folder = mkdtempSync(join(tmpdir(), "douze-acme-"));
    const { cert, key } = makeCertificate(folder, "authority", ["IP:127.0.0.1", "DNS:localhost"]);
    const [port, management, dns] = [await freePort(), await freePort(), await freePort()];
    const own = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: cert,
      privateKey: key,
    };
    const config = join(folder, "config.json");
    writeFileSync(config, JSON.stringify({ pebble: { ...own, httpPort, tlsPort: 5001 } }));
    const none = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-management", `127.0.0.1:${await freePort()}`];
    const names = spawn("pebble-challtestsrv", ["-dns01", `127.0.0.1:${dns}`, "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", ...none], {
      stdio: "ignore",
    });
    const env = { PATH: process.env["PATH"] ?? "", PEBBLE_VA_NOSLEEP: "1" };
    const server = spawn("pebble", ["-config", config, "-dnsserver", `127.0.0.1:${dns}`], { stdio: "ignore", env });
    const authority = new Authority(`https://127.0.0.1:${port}/dir`, cert, [names, server]);
    await expect
      .poll(
        () =>
          shown(port, "localhost", undefined).then(
            () => true,
            () => false,
          ),
        slow,
      )
      .toBe(true);
    return authority;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
  }
}

test.skipIf(!hasPebble)(
  "a certificate is asked for, used as soon as it is there, and kept over a new engine",
  { timeout: 120_000 },
  async () => {
    const plain = await freePort();
    await using authority = await Authority.start(plain);
    const acme = `{ directory: "${authority.directory}", email: ops@shop.example, ca: ${authority.ca} }`;
    const app = await appWith(`target:\n  hosts: [shop.example, www.shop.example]\n  tls:\n    acme: ${acme}\n    redirect: ${plain}\n`);
    await using served = await Served.start(app);
    expect((await app.run("deploy")).code).toBe(0);
    const issuer = (): Promise<string> =>
      shown(served.port, "www.shop.example", undefined).then(
        (found) => found.issuer,
        () => "",
      );
    await expect.poll(issuer, slow).toMatch(/^Pebble Intermediate CA/);
    expect((await shown(served.port, "shop.example", undefined)).subject).toBe("DNS:shop.example, DNS:www.shop.example");
    const given = /a certificate for shop\.example, www\.shop\.example was given by the authority/g;
    const log = async (): Promise<string> => (await app.run("logs", "-p", "douze")).stdout;
    expect((await log()).match(given)).toHaveLength(1);
    served.running.child.kill("SIGHUP");
    await served.engines(2);
    expect(await issuer()).toMatch(/^Pebble Intermediate CA/);
    expect((await log()).match(given)).toHaveLength(1);
  },
);
