import { access, lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { initManifest, openBuild, pruneBuilds, workingTreeDigest } from "@douze/build";
import { type Digest, manifestFromFiles, type Problem } from "@douze/core";
import { describe, expect, test } from "vitest";
import { Codebase } from "./support/codebase.ts";

const problem = (code: Problem["code"]): unknown => expect.objectContaining({ code });
const plain = { Procfile: "web: ./serve\n", serve: "#!/bin/sh\nexec sleep 9\n" };

describe("source", () => {
  test("a commit is built as it is, whatever lies in the folder", async () => {
    await using codebase = await Codebase.of(plain);
    const commit = await codebase.commit();
    await codebase.write({ serve: "changed", "new.txt": "new" });
    const { build, tree } = await codebase.build({ workingTree: false });
    expect(build.source).toMatchObject({ commit, ref: "HEAD", dirty: false });
    expect((await readdir(tree)).toSorted()).toEqual(["Procfile", "serve"]);
    expect(await readFile(join(tree, "serve"), "utf8")).toBe(plain.serve);
  });

  test("the working tree is marked when it differs, and holds neither what is ignored nor .env", async () => {
    await using codebase = await Codebase.of({ ...plain, ".gitignore": "secret.txt\n" });
    await codebase.commit();
    expect((await codebase.build()).build.source.dirty).toBe(false);
    await codebase.write({ "secret.txt": "s", ".env": "TOKEN=t", "fresh.txt": "f" });
    const { build, tree } = await codebase.build();
    expect(build.source.dirty).toBe(true);
    expect((await readdir(tree)).toSorted()).toEqual([".gitignore", "Procfile", "fresh.txt", "serve"]);
  });

  test("a subfolder of a repository is a codebase of its own", async () => {
    await using codebase = await Codebase.of({ "shop/Procfile": plain.Procfile, "shop/serve": plain.serve, "blog/Procfile": "web: ./b\n" });
    await codebase.commit();
    const { tree } = await codebase.build({ directory: join(codebase.folder, "shop"), workingTree: false });
    expect((await readdir(tree)).toSorted()).toEqual(["Procfile", "serve"]);
  });

  test.each<[string, (codebase: Codebase) => Promise<void>, Problem["code"]]>([
    ["a link out of the tree", (codebase) => symlink("/etc/passwd", join(codebase.folder, "out")), "source-escapes"],
    ["a link above the tree", (codebase) => symlink("../../x", join(codebase.folder, "out")), "source-escapes"],
  ])("refuses %s and leaves nothing behind", async (_name, spoil, code) => {
    await using codebase = await Codebase.of(plain);
    await spoil(codebase);
    await expect(codebase.build()).rejects.toThrow(problem(code) as Error);
    expect(await readdir(codebase.store)).toEqual([]);
  });

  test("refuses an unknown commit, one that looks like an option, and a folder without a repository", async () => {
    await using codebase = await Codebase.of(plain);
    await expect(codebase.build({ workingTree: false })).rejects.toThrow(problem("ref-unknown") as Error);
    await codebase.commit();
    for (const ref of ["nowhere", "--output=/tmp/x"])
      await expect(codebase.build({ workingTree: false, ref })).rejects.toThrow(problem("ref-unknown") as Error);
  });

  test("its digest changes with its contents alone", async () => {
    await using codebase = await Codebase.of(plain);
    await codebase.commit();
    const before = await workingTreeDigest(codebase.folder);
    await codebase.write(plain);
    expect(await workingTreeDigest(codebase.folder)).toBe(before);
    await codebase.write({ serve: "#!/bin/sh\n" });
    expect(await workingTreeDigest(codebase.folder)).not.toBe(before);
  });
});

describe("a build of Node", () => {
  const json = {
    name: "a",
    private: true,
    dependencies: { "is-number": "7.0.0" },
    devDependencies: { "is-odd": "3.0.1" },
    scripts: { build: "env > built.txt && node -e \"require('is-odd')\"" },
  };

  test("installs, builds without the app's config, prunes, is read-only, and is the same when it is made again", async () => {
    await using codebase = await Codebase.of({ ...plain, "package.json": JSON.stringify(json) });
    await codebase.shell("npm install --package-lock-only --ignore-scripts");
    process.env["DATABASE_URL"] = "postgres://canary";
    const first = await codebase.build().finally(() => delete process.env["DATABASE_URL"]);
    expect(await readdir(join(first.tree, "node_modules"))).toEqual(expect.arrayContaining(["is-number"]));
    await expect(access(join(first.tree, "node_modules/is-odd"))).rejects.toThrow("ENOENT");
    expect(await readFile(join(first.tree, "built.txt"), "utf8")).not.toContain("canary");
    expect((await lstat(join(first.tree, "package.json"))).mode & 0o222).toBe(0);
    expect((await lstat(first.tree)).mode & 0o222).toBe(0);

    const again = await codebase.build();
    expect(again).toMatchObject({ reused: true, build: { digest: first.build.digest } });
    expect((await openBuild(codebase.store, first.build.digest)).tree).toBe(first.tree);
  }, 90_000);

  test("refuses a stale lock, and a step that fails, with its last lines", async () => {
    await using codebase = await Codebase.of({ ...plain, "package.json": JSON.stringify({ ...json, devDependencies: {}, scripts: {} }) });
    await codebase.shell("npm install --package-lock-only --ignore-scripts");
    await codebase.write({
      "package.json": JSON.stringify({ ...json, dependencies: { "is-number": "6.0.0" }, devDependencies: {}, scripts: {} }),
    });
    await expect(codebase.build()).rejects.toThrow(problem("lock-stale") as Error);
    await codebase.write({ "package.json": JSON.stringify({ scripts: { build: "echo the last words; exit 4" } }) });
    await codebase.shell("rm package-lock.json");
    const failed = await codebase.build().catch((error: unknown) => error as Problem);
    expect(failed).toMatchObject({
      code: "build-failed",
      what: expect.stringContaining("exited with status 4"),
      why: expect.stringContaining("the last words"),
    });
    expect((await readdir(codebase.store)).filter((name) => name !== "by-input")).toEqual([]);
  }, 90_000);
});

test("a build of Python gives the same digest when it is made again, in an environment that can be moved", async () => {
  await using codebase = await Codebase.of({
    Procfile: "web: python app.py\n",
    "app.py": "print('hola')\n",
    "requirements.txt": "six==1.16.0\n",
  });
  const first = await codebase.build();
  const scripts = await readdir(join(first.tree, ".venv/bin"));
  for (const name of scripts.filter((each) => each.startsWith("pip"))) {
    expect(await readFile(join(first.tree, ".venv/bin", name), "utf8")).not.toContain(codebase.root);
  }
  await codebase.emptyStore();
  const again = await codebase.build();
  expect(again).toMatchObject({ reused: false, build: { digest: first.build.digest } });
}, 120_000);

describe("the store", () => {
  test("takes two builds of one input at once for one", async () => {
    await using codebase = await Codebase.of(plain);
    const [a, b] = await Promise.all([codebase.build(), codebase.build()]);
    expect(a.build.digest).toBe(b.build.digest);
    expect((await readdir(codebase.store)).filter((name) => /^[0-9a-f]{64}$/.test(name))).toHaveLength(1);
  });

  test("sweeps what a killed build left, and builds", async () => {
    await using codebase = await Codebase.of(plain);
    const left = join(codebase.store, ".making-999999999-abcd");
    await mkdir(join(left, "tree"), { recursive: true });
    await writeFile(join(left, "tree/half"), "");
    await codebase.build();
    await expect(access(left)).rejects.toThrow("ENOENT");
  });

  test("keeps what is needed, and what is young", async () => {
    await using codebase = await Codebase.of(plain);
    const { build } = await codebase.build();
    expect(await pruneBuilds(codebase.store, new Set<Digest>())).toEqual([]);
    expect((await openBuild(codebase.store, build.digest)).build).toEqual(build);
    await expect(openBuild(codebase.store, `sha256:${"0".repeat(64)}` as Digest)).rejects.toThrow(problem("build-missing") as Error);
  });
});

test("a runtime that is not installed is named, with what was found", async () => {
  await using codebase = await Codebase.of({ "package.json": JSON.stringify({ engines: { node: "99" } }) });
  await expect(codebase.build()).rejects.toThrow(
    expect.objectContaining<Partial<Problem>>({
      code: "runtime-missing",
      why: expect.stringMatching(/engines\.node in package\.json asks for it; found: \d+/) as unknown as string,
    }),
  );
});

test.each<[string, Record<string, string>, string]>([
  [
    "Node",
    {
      "package.json": JSON.stringify({ scripts: { start: "node web.js" }, dependencies: { pg: "8" } }),
      ".env.example": "API_KEY=\nPAGE_SIZE=20\n",
    },
    "node web.js",
  ],
  [
    "a Procfile",
    {
      Procfile: "web: ./serve --port $PORT\nrelease: ./migrate\n",
      "app.json": '{"env":{"GREETING":{"description":"what: it says","value":"hola #1"}}}',
    },
    "./serve --port $PORT",
  ],
  ["Flask", { "requirements.txt": "flask\ngunicorn\n", "web.py": "" }, "gunicorn --bind $HOST:$PORT web:app"],
  ["an empty folder", {}, "./serve"],
])("init writes a manifest for %s that is one", async (_name, files, command) => {
  await using codebase = await Codebase.of(files);
  const text = await initManifest(codebase.folder);
  expect(manifestFromFiles({ "douze.yaml": text }, "app")?.processes).toMatchObject({ web: { command } });
});
