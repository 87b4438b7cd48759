import { Problem } from "@douze/core";
import { portHolder } from "./port-holder.ts";

/** Why a public port cannot be listened on; what is neither is thrown as it came. */
export function portProblem(error: NodeJS.ErrnoException, { host, port }: { readonly host: string; readonly port: number }): Problem {
  if (error.code === "EACCES") {
    return new Problem({
      code: "port-forbidden",
      what: `port ${port} cannot be listened on`,
      why: "ports below 1024 need a permission that this user does not have",
      fix: "take another one (`douze up --port 5000`), or allow it: `sysctl net.ipv4.ip_unprivileged_port_start=80`",
      cause: error,
    });
  }
  if (error.code !== "EADDRINUSE") throw error;
  const holder = portHolder(port);
  return new Problem({
    code: "port-taken",
    what: `port ${port}${host && ` of ${host}`} is taken`,
    why: holder === undefined ? "another process listens there already" : `pid ${holder} listens there already`,
    fix: `stop it, or take another port: \`douze up --port ${port + 100}\``,
    cause: error,
  });
}
