import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Build, Problem } from "@douze/core";
import { mergedLinks, placed, withLibraries } from "./closure.ts";
import { type Entry, entriesOf } from "./layer.ts";

const run = promisify(execFile);

/** What a command of a manifest may expect beside a shell. */
const tools = [
  "cat",
  "cp",
  "date",
  "dirname",
  "env",
  "head",
  "id",
  "ls",
  "mkdir",
  "mv",
  "nproc",
  "realpath",
  "rm",
  "sed",
  "sleep",
  "sort",
  "tail",
  "tr",
  "true",
  "uname",
  "wc",
];

/** Whom processes run as. */
const user = 10_001;

/** The ground of an image that is made of this machine: a shell with the usual tools, the C library, certificates and time zones. */
export async function machineBase(): Promise<Entry[]> {
  const folders = ["/usr/bin", "/bin"];
  const found = tools.flatMap((tool) => folders.map((folder) => join(folder, tool)).find((path) => existsSync(path)) ?? []);
  const shell = await realpath("/bin/sh");
  return [
    ...mergedLinks,
    { path: "usr/sbin", folder: true },
    { path: "usr/lib64", folder: true },
    ...(await withLibraries([
      { file: shell, path: "/bin/sh" },
      ...found.map((file) => ({ file, path: `/usr/bin/${file.split("/").at(-1)}` })),
    ])),
    { path: "etc/passwd", text: `root:x:0:0:root:/root:/bin/sh\napp:x:${user}:${user}:app:/tmp:/bin/sh\n` },
    { path: "etc/group", text: `root:x:0:\napp:x:${user}:\n` },
    { path: "etc/nsswitch.conf", text: "passwd: files\ngroup: files\nhosts: files dns\n" },
    { path: "etc/os-release", text: 'NAME="Douze"\nID=douze\nPRETTY_NAME="An app on what its build ran on"\n' },
    ...(await certificates()),
    ...(existsSync("/usr/share/zoneinfo")
      ? entriesOf("/usr/share/zoneinfo", "usr/share/zoneinfo", (path) => !/^(posix|right)(\/|$)/.test(path))
      : []),
    { path: "tmp", folder: true, mode: 0o1777 },
    { path: "run", folder: true },
    { path: "app", folder: true },
  ];
}

/** What runs the build, in an image: its files, and what the build's variables become. */
export interface ImageRuntime {
  readonly entries: readonly Entry[];
  /** Folders for PATH, of the image. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Takes what runs a build from this machine.
 *
 * @throws Problem image-impossible - the language's runtime is not one that can be taken so
 */
export async function machineRuntime(build: Build): Promise<ImageRuntime> {
  const [folder] = build.runtimes;
  switch (build.language) {
    case "node":
      return await nodeRuntime(join(folder ?? "/usr/local/bin", "node"), {});
    case "static": {
      const server = build.env["DOUZE_STATIC_SERVER"] ?? "";
      const place = `/usr/local/lib/douze/static-server.${server.endsWith(".ts") ? "ts" : "mjs"}`;
      const own = await nodeRuntime(build.env["DOUZE_NODE"] ?? "", { DOUZE_NODE: "/usr/local/bin/node", DOUZE_STATIC_SERVER: place });
      return { ...own, entries: [...own.entries, { path: place.slice(1), file: server }] };
    }
    case "python":
      return await pythonRuntime(join(folder ?? "/usr/bin", "python3"));
    case "go":
    case "none":
      return { entries: [], path: ["/usr/local/bin"], env: {} };
    case "ruby":
      throw new Problem({
        code: "image-impossible",
        what: "an image of a Ruby app needs a base image",
        why: "a Ruby installation is not laid out so that it could be taken from this machine in part",
        fix: "name an image that has the Ruby version: `build: { image: registry.example.org/ruby:3.4 }` in douze.yaml",
      });
  }
}

async function nodeRuntime(node: string, env: Readonly<Record<string, string>>): Promise<ImageRuntime> {
  return { entries: await withLibraries([{ file: node, path: "/usr/local/bin/node" }]), path: ["/usr/local/bin"], env };
}

/** An environment names its interpreter by where it is: so it stays there. */
async function pythonRuntime(python: string): Promise<ImageRuntime> {
  const ask = "import sys, sysconfig; print(sys.base_prefix); print(sysconfig.get_path('stdlib')); print(sys.version_info[1])";
  const [prefix = "", library = "", minor = ""] = (await run(python, ["-c", ask])).stdout.trim().split("\n");
  const file = await realpath(join(prefix, "bin", `python3.${minor}`));
  const skip = /(^|\/)(__pycache__|test|tests|idlelib|tkinter|turtledemo|ensurepip|lib2to3|site-packages|dist-packages)(\/|$)|\.pyc$/;
  const extensions = join(library, "lib-dynload");
  const modules = existsSync(extensions) ? (await readdir(extensions)).filter((name) => name.endsWith(".so")) : [];
  const bin = join(prefix, "bin");
  return {
    entries: [
      ...(await withLibraries([
        { file, path: join(bin, `python3.${minor}`) },
        ...modules.map((name) => ({ file: join(extensions, name) })),
      ])),
      { path: placed(join(bin, "python3")), link: `python3.${minor}` },
      ...entriesOf(library, placed(library), (path) => !skip.test(path)),
    ],
    path: [...new Set([bin, "/usr/local/bin"])],
    env: {},
  };
}

async function certificates(): Promise<Entry[]> {
  const known = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
  const file = known.find((path) => existsSync(path));
  if (file === undefined) return [];
  return [
    { path: "etc/ssl/certs/ca-certificates.crt", file: await realpath(file), mode: 0o444 },
    { path: "etc/ssl/cert.pem", link: "certs/ca-certificates.crt" },
  ];
}
