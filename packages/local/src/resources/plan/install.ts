/** How to install PostgreSQL, or only its client programs; of one major version, or whichever the system has. */
export function installPostgres(major: number | undefined, part: "server" | "client" = "server"): string {
  const debian =
    part === "server"
      ? `postgresql${major === undefined ? "" : `-${major}`}`
      : `postgresql-client${major === undefined ? "" : `-${major}`}`;
  const fedora =
    major === undefined
      ? part === "server"
        ? "postgresql-server"
        : "postgresql"
      : `postgresql${major}${part === "server" ? "-server" : ""}`;
  return [
    `Debian and Ubuntu: \`apt-get install ${debian}\` (other versions come from apt.postgresql.org)`,
    `Fedora: \`dnf install ${fedora}\``,
    `macOS: \`brew install postgresql@${major ?? 18}\``,
    `Alpine: \`apk add postgresql${major ?? ""}${part === "server" ? "" : "-client"}\``,
  ].join("; ");
}

export const installRedis: string =
  "Debian and Ubuntu: `apt-get install redis-server`; Fedora: `dnf install valkey`; macOS: `brew install redis`; Alpine: `apk add valkey`";
