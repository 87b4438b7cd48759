// The router as a process of its own, so that requests go on while no engine runs. Argument: the path of its control socket, and the
// public socket as descriptor 3. It goes on with what it was told last.
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { accessLine } from "../router/access.ts";
import { Router } from "../router/router.ts";
import { AccessFiles } from "./access-files.ts";
import { JsonLines, type RouterCommand, type RouterEvent } from "./router-talk.ts";

const [, , controlPath = "", version = ""] = process.argv;
const access = new AccessFiles();
const files = new Map<string, string>();

const router = await Router.listen({
  host: "",
  port: 0,
  fd: 3,
  onAccess: (record) => {
    const file = files.get(record.app ?? "");
    if (file !== undefined) access.append(file, accessLine(record));
  },
});

const control = createServer((engine) => {
  const lines = new JsonLines<RouterCommand>((command) => obey(command, engine));
  engine.setEncoding("utf8");
  engine.on("data", (part: string) => lines.push(part));
  // An engine that was killed; the next one connects.
  engine.on("error", () => engine.destroy());
  tell(engine, { is: "ready", version });
});
control.listen(controlPath);

// Told to the whole group by a terminal or a service manager: it ends when an engine says so.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

function obey(command: RouterCommand, engine: Socket): void {
  switch (command.do) {
    case "route": {
      const { app, access: file } = command.route;
      if (file !== undefined) files.set(app, file);
      router.route(command.route);
      return;
    }
    case "remove":
      files.delete(command.app);
      router.remove(command.app);
      return;
    case "goodbye":
      router.goodbye(command.target, command.spreadMs);
      return;
    case "drained":
      void router.drained(command.target).then(() => tell(engine, { is: "drained", target: command.target }));
      return;
    case "retire":
      void retire();
  }
}

async function retire(): Promise<void> {
  await router.retire();
  access[Symbol.dispose]();
  rmSync(controlPath, { force: true });
  process.exit();
}

function tell(engine: Socket, event: RouterEvent): void {
  if (engine.writable) engine.write(`${JSON.stringify(event)}\n`);
}
