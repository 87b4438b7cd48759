/** What the units of systemd are made from. */
export interface UnitOptions {
  /** The program and its first arguments, absolute. */
  readonly program: readonly string[];
  /** Of the apps, absolute. */
  readonly folders: readonly string[];
  readonly environment: string;
  readonly ports: readonly number[];
  /** Of apps whose inventory names none. */
  readonly preset: number;
  /** Empty: all addresses. */
  readonly host: string;
  readonly path: string;
}

/** Units of systemd: the socket belongs to systemd, so that connections wait while no engine runs. By file name. Pure. */
export function unitFiles({ program, folders, environment, ports, preset, host, path }: UnitOptions): Readonly<Record<string, string>> {
  const listen = ports.map((port) => `ListenStream=${host === "" ? port : host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`}`);
  const socket = [
    "[Unit]",
    "Description=Public ports of Douze",
    "",
    "[Socket]",
    ...listen,
    "Backlog=1024",
    "Service=douze.service",
    "",
    "[Install]",
    "WantedBy=sockets.target",
  ];
  const service = [
    "[Unit]",
    "Description=Douze, which runs the apps of this machine",
    "Requires=douze.socket",
    "After=network.target douze.socket",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=exec",
    `Environment=${quoted(`DOUZE_ENV=${environment}`)} PORT=${preset} ${quoted(`PATH=${path}`)}`,
    `ExecStart=${[...program, "serve", ...folders].map(quoted).join(" ")}`,
    "ExecReload=kill -HUP $MAINPID",
    "# The apps outlive the engine: a restart of this service touches none of them.",
    "KillMode=process",
    "Restart=on-failure",
    "RestartSec=200ms",
    "RestartForceExitStatus=75",
    "# An app that runs out of memory is the app's matter.",
    "OOMPolicy=continue",
    "# Limits of processes are kept in groups beside the engine's own; systemd before 254 has no such groups, and ignores the line.",
    "Delegate=yes",
    "DelegateSubgroup=engine",
    "LimitNOFILE=1048576",
    "TasksMax=infinity",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ];
  return { "douze.service": `${service.join("\n")}\n`, "douze.socket": `${socket.join("\n")}\n` };
}

/** As systemd reads a word: `%` begins a specifier, `$` a variable. */
function quoted(word: string): string {
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
