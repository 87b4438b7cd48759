import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ask } from "./ask.ts";
import { Idle } from "./idle.ts";
import { Load } from "./load.ts";
import type { OrderName, Orders } from "./orders.ts";
import { FaultProxy } from "./proxy.ts";
import { Sink } from "./sink.ts";
import { listenersOf, socketRows } from "./sockets.ts";

/**
 * The lab's hand in a sandbox: it lives in the network namespace of the app, where nobody else is, and does there what it is told. It
 * ends with its channel, so that it never outlives the lab.
 */
type Doing = { readonly [Name in OrderName]: (order: Orders[Name]["in"]) => Promise<Orders[Name]["out"]> | Orders[Name]["out"] };

const sink = new Sink();
const proxies = new Map<string, FaultProxy>();
const loads: Load[] = [];
const idles: Idle[] = [];

const doing: Doing = {
  name: ({ name, address }) => void sink.know(name, address),
  proxy: async ({ proxy, address, port, socket }) => {
    const made = new FaultProxy({ address, port }, socket);
    await made.open();
    proxies.set(proxy, made);
    return undefined;
  },
  fault: async ({ proxy, fault }) => {
    await proxyOf(proxy).set(fault);
    return undefined;
  },
  traffic: ({ proxy }) => proxyOf(proxy).traffic,
  heard: ({ proxy }) => proxyOf(proxy).heard,
  ask,
  load: (options) => loads.push(new Load(options)) - 1,
  unload: async ({ load, graceMs }) => await loadOf(load).end(graceMs),
  strike: async (options) => await loadOf(options.load).strike(options),
  idle: async ({ port, path, count }) => {
    const idle = new Idle();
    const number = idles.push(idle) - 1;
    await idle.open(port, path, count);
    return number;
  },
  idled: ({ idle }) => idles[idle]?.records ?? [],
  listeners: () => listenersOf(socketRows()),
  egress: () => sink.seen,
};

function proxyOf(name: string): FaultProxy {
  const proxy = proxies.get(name);
  if (!proxy) throw new Error(`there is no proxy ${name}`);
  return proxy;
}

function loadOf(number: number): Load {
  const load = loads[number];
  if (!load) throw new Error(`there is no load ${number}`);
  return load;
}

/** Every IPv4 address is this namespace's own: whatever the app wants to reach, it reaches us. */
async function makeWorld(): Promise<void> {
  const ip = promisify(execFile);
  const program = process.env["LAB_IP"] ?? "ip";
  await ip(program, ["link", "set", "lo", "up"]);
  await ip(program, ["route", "add", "local", "0.0.0.0/0", "dev", "lo"]);
  // Without IPv6 in the kernel there is nothing of it to reach.
  await ip(program, ["-6", "route", "add", "local", "::/0", "dev", "lo"]).catch(() => undefined);
  await sink.open();
}

process.on("message", ({ number, name, order }: { number: number; name: OrderName; order: never }) => {
  Promise.resolve()
    .then(() => (doing[name] as (order: never) => unknown)(order))
    .then((done) => process.send?.({ number, done }))
    .catch((error: Error) => process.send?.({ number, failed: error.message }));
});
process.on("disconnect", () => process.exit(0));
// A terminal's Ctrl-C reaches the whole group; the lab ends what it started itself.
process.on("SIGINT", () => undefined);

makeWorld().then(
  () => process.send?.({ number: -1, done: undefined }),
  (error: Error) => process.send?.({ number: -1, failed: error.message }),
);
