// The router as a process of its own, so that requests go on while no engine runs. Arguments: the path of its control socket, and its
// version; descriptor 3 is the public socket. It goes on with what it was told last.
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import type { CertificateFiles } from "@douze/core";
import { accessLine } from "../router/access.ts";
import { Router } from "../router/router.ts";
import type { AppRoute } from "../router/routes.ts";
import { AccessFiles } from "./access-files.ts";
import { JsonLines, type RouterCommand, type RouterEvent } from "./router-talk.ts";
import { socketInode } from "./takes-connections.ts";

const [, , controlPath = "", version = ""] = process.argv;
const access = new AccessFiles();
const publicInode = socketInode(3);
const routes = new Map<string, AppRoute>();
let certificates: readonly CertificateFiles[] | undefined;
let listening: Promise<Router> | undefined;

const control = createServer((engine) => {
  const lines = new JsonLines<RouterCommand>((command) => void obey(command, engine));
  engine.setEncoding("utf8");
  engine.on("data", (part: string) => lines.push(part));
  // An engine that was killed; the next one connects.
  engine.on("error", () => engine.destroy());
  tell(engine, {
    is: "ready",
    version,
    listening: listening !== undefined,
    tls: certificates !== undefined,
    ...(publicInode !== undefined && { publicInode }),
  });
});
control.listen(controlPath);

// Told to the whole group by a terminal or a service manager: it ends when an engine says so.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

async function obey(command: RouterCommand, engine: Socket): Promise<void> {
  if (command.do === "route") routes.set(command.route.app, command.route);
  else if (command.do === "remove") routes.delete(command.app);
  else if (command.do === "certify") certificates = command.certificates;
  else if (command.do === "listen") listening ??= listen();
  // One that takes no requests yet has nothing to finish.
  const router = await listening;
  switch (command.do) {
    case "route":
      return router?.route(command.route);
    case "remove":
      return router?.remove(command.app);
    case "goodbye":
      return router?.goodbye(command.target, command.spreadMs);
    case "drained":
      await router?.drained(command.target);
      return tell(engine, { is: "drained", target: command.target });
    case "certify":
      return router?.certify(command.certificates);
    case "listen":
      return;
    case "retire":
      await router?.retire();
      return leave();
    case "end":
      await router?.[Symbol.asyncDispose]();
      return leave();
  }
}

/** No request is looked at before the routes are there: they are told in the same turn. */
async function listen(): Promise<Router> {
  const router = await Router.listen({
    host: "",
    port: 0,
    fd: 3,
    ...(certificates && { tls: certificates }),
    note: (text) => console.error(text),
    onAccess: (record) => {
      const file = routes.get(record.app ?? "")?.access;
      if (file !== undefined) access.append(file, accessLine(record));
    },
  });
  for (const route of routes.values()) router.route(route);
  return router;
}

function leave(): void {
  access[Symbol.dispose]();
  rmSync(controlPath, { force: true });
  process.exit();
}

function tell(engine: Socket, event: RouterEvent): void {
  if (engine.writable) engine.write(`${JSON.stringify(event)}\n`);
}
