import { join } from "node:path";
import { describeFramework, describeWith } from "./support/framework.ts";
import { installed } from "./support/installed.ts";

/** Express, Fastify and Hono are the house's own dependencies. */
const modules = join(import.meta.dirname, "../../../node_modules");

describeWith("Node, through the preload", ["node", "npm"], async () => {
  for (const name of ["express", "fastify", "hono"])
    describeFramework({ name, app: "node", command: `env NODE_PATH=${modules} node ${name}.cjs`, socket: "auto" });
  const next = await installed("next", [
    ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"],
    ["node", "node_modules/next/dist/bin/next", "build"],
  ]);
  const command = `node ${join(next, "node_modules/next/dist/bin/next")} start ${next} --port $PORT --hostname $HOST`;
  describeFramework({ name: "next", app: "next", command, socket: "auto" });
});
