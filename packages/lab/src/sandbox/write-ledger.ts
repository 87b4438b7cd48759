import { lstat, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Something that was written, by the path that the app sees. */
export interface Written {
  readonly path: string;
  readonly kind: "file" | "folder" | "link" | "socket" | "deleted";
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Everything that was written, in the order of the paths. */
export type Ledger = readonly Written[];

/** What the lab itself puts there. */
const ours = new Set(["/etc/resolv.conf", "/etc/hosts", "/run/trace", "/run/mount"]);
const plainFolders = new Set(["/tmp", "/var", "/run", "/home", "/var/tmp", "/var/log", "/var/lib", "/var/cache", "/run/lock", "/home/app"]);

/** Reads the upper sides of a disk's overlays, which hold what was written and nothing else, and its plain folders. */
export async function readLedger(disk: string): Promise<Ledger> {
  const found: Written[] = [];
  const over = join(disk, "over");
  for (const name of await namesIn(over)) await walk(join(over, name, "upper"), `/${name}`, found);
  for (const name of await namesIn(join(disk, "plain"))) await walk(join(disk, "plain", name), `/${name}`, found);
  const places = await placesOfSeen(disk);
  return found
    .filter(({ path, kind }) => !ours.has(path) && !(kind === "folder" && (plainFolders.has(path) || places.has(path))))
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** The folders that the lab makes for what of the machine is seen, such as a runtime below /tmp. */
async function placesOfSeen(disk: string): Promise<ReadonlySet<string>> {
  const text = await readFile(join(disk, "seen/paths"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const parts = text.split("\n").map((path) => path.split("/").filter((part) => part !== ""));
  return new Set(parts.flatMap((names) => names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`)));
}

/** The beginning of a file that was written, as Latin-1; nothing where it is gone. */
export async function writtenText(disk: string, path: string, bytes: number): Promise<string | undefined> {
  const [, top = ""] = path.split("/");
  const rest = path.slice(top.length + 1);
  for (const file of [join(disk, "over", top, "upper", rest), join(disk, "plain", top, rest)]) {
    try {
      await using handle = await open(file, "r");
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
      return buffer.toString("latin1", 0, bytesRead);
    } catch (error) {
      if (!["ENOENT", "ENOTDIR", "EISDIR", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  return undefined;
}

async function walk(folder: string, seenAs: string, found: Written[]): Promise<void> {
  for (const name of await namesIn(folder)) {
    const file = join(folder, name);
    const path = `${seenAs}/${name}`;
    let stats: Awaited<ReturnType<typeof lstat>>;
    try {
      stats = await lstat(file);
    } catch (error) {
      // The app deleted it meanwhile.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw error;
    }
    // An overlay marks what was deleted with a device 0:0.
    const kind = stats.isDirectory()
      ? "folder"
      : stats.isSymbolicLink()
        ? "link"
        : stats.isSocket()
          ? "socket"
          : stats.isCharacterDevice() && stats.rdev === 0
            ? "deleted"
            : "file";
    found.push({ path, kind, bytes: kind === "file" ? stats.size : 0, modifiedMs: stats.mtimeMs });
    if (kind === "folder") await walk(file, path, found);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
