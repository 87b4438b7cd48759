import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, mkdtempDisposable, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { buildInImage, credentialsFor, type Image, makeImage, push, writeLayout } from "@douze/build/image";
import { type Build, Problem } from "@douze/core";
import { afterAll, expect, test } from "vitest";
import { Codebase } from "./support/codebase.ts";
import { hasRegistry, Registry } from "./support/registry.ts";

const signal = new AbortController().signal;
const quiet = (): void => undefined;
const packages = `mkdir -p node_modules/picocolors node_modules/@a/b
echo '{"name":"picocolors","version":"1.1.1"}' > node_modules/picocolors/package.json
echo '{"name":"@a/b","version":"2.0.0"}' > node_modules/@a/b/package.json`;
const isRoot = process.getuid?.() === 0;
const has = (program: string): boolean => {
  try {
    execFileSync("which", [program]);
    return true;
  } catch {
    return false;
  }
};

interface Made {
  readonly image: Image;
  readonly build: Build;
  readonly store: string;
}

/** What runs the apps is the same in all of them, and takes longest. */
const shared = await mkdtemp(join(tmpdir(), "douze-images-"));
afterAll(() => rm(shared, { recursive: true, force: true }));

async function made(codebase: Codebase, place = shared): Promise<Made> {
  const { build, tree } = await codebase.build();
  const image = await makeImage({ app: build.manifest.app, build, tree, store: place, onProgress: quiet, signal });
  return { image, build, store: place };
}

/** The image's files, as a container would see them. */
async function unpacked({ image, store }: Made, into: string): Promise<string> {
  await mkdir(into);
  for (const { mediaType, digest } of image.parts) {
    if (mediaType.includes("tar"))
      execFileSync("tar", ["-x", "-C", into], { input: zstdDecompressSync(await readFile(join(store, "blobs/sha256", digest.slice(7)))) });
  }
  return into;
}

const inside = (root: string, command: string): string =>
  execFileSync("/usr/sbin/chroot", ["--userspec=10001:10001", root, "/bin/sh", "-c", `cd /app && ${command}`], {
    encoding: "utf8",
    env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
  });

test("the same build is the same image, to the byte, wherever it is made", async () => {
  await using codebase = await Codebase.of({ "index.html": "<p>hola" });
  const own = join(codebase.root, "own");
  const [one, again, other] = [await made(codebase, own), await made(codebase, own), await made(codebase, join(codebase.root, "other"))];
  expect(one.image.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(again.image).toEqual({ ...one.image, reused: true });
  expect(one.image.reused).toBe(false);
  expect(other.image.digest).toBe(one.image.digest);
  await codebase.write({ "index.html": "<p>adios" });
  const changed = await made(codebase, own);
  expect(changed.image.digest).not.toBe(one.image.digest);
  // What runs it is the layer that it was.
  const layers = ({ image }: Made): string[] =>
    image.parts.filter(({ mediaType }) => mediaType.includes("tar")).map(({ digest }) => digest);
  expect(layers(changed).slice(0, -1)).toEqual(layers(one).slice(0, -1));
});

test.skipIf(!isRoot)("it runs as nobody, with a shell, certificates and time zones, on files that nobody may write", async () => {
  await using codebase = await Codebase.of({ "index.html": "<p>hola" });
  const one = await made(codebase);
  const root = await unpacked(one, join(codebase.root, "root"));
  expect(inside(root, "id -u; node -e 'console.log(1 + 1)'; cat index.html")).toBe("10001\n2\n<p>hola");
  expect(inside(root, "wc -l < /etc/ssl/certs/ca-certificates.crt")).toMatch(/^\d{3,}/);
  expect(inside(root, "TZ=Europe/Berlin date -d @0 +%H")).toBe("01\n");
  expect(() => inside(root, "echo x > index.html")).toThrow();
  const { env } = buildInImage(one.build, one.image);
  expect(inside(root, `test -f ${env["DOUZE_STATIC_SERVER"]} && test -x ${env["DOUZE_NODE"]} && echo there`)).toBe("there\n");
});

test.skipIf(!isRoot || !has("python3"))("a Python app brings its interpreter and its environment", async () => {
  await using codebase = await Codebase.of({
    "requirements.txt": "",
    "app.py":
      "import ssl, sqlite3, zoneinfo, json\nprint(json.dumps([ssl.OPENSSL_VERSION_INFO[0] >= 1, str(zoneinfo.ZoneInfo('Europe/Berlin'))]))",
    "douze.yaml": "app: shop\nprocesses: { web: python app.py }\n",
  });
  const root = await unpacked(await made(codebase), join(codebase.root, "root"));
  expect(inside(root, "PATH=/app/.venv/bin:$PATH python app.py")).toBe('[true, "Europe/Berlin"]\n');
});

test("dependencies are a layer of their own, and are listed", async () => {
  await using codebase = await Codebase.of({
    "douze.yaml": "app: shop\nprocesses: { web: ./web }\nbuild: { language: none, command: ./packages }\n",
    packages: `#!/bin/sh\n${packages}\n`,
    web: "#!/bin/sh\n",
  });
  const { image, store } = await made(codebase);
  const [, listed] = image.sbom;
  const bom = JSON.parse(await readFile(join(store, "blobs/sha256", listed?.digest.slice(7) ?? ""), "utf8")) as {
    components: { purl: string }[];
  };
  expect(bom.components.map(({ purl }) => purl)).toEqual(["pkg:npm/%40a/b@2.0.0", "pkg:npm/picocolors@1.1.1"]);
  expect(image.parts.filter(({ mediaType }) => mediaType.includes("tar"))).toHaveLength(3);
});

test.skipIf(!has("skopeo"))("others read it as an OCI layout", async () => {
  await using codebase = await Codebase.of({ "index.html": "<p>hola" });
  const { image, store } = await made(codebase);
  const folder = join(codebase.root, "layout");
  await writeLayout(image, store, folder, "shop:latest");
  const told = JSON.parse(execFileSync("skopeo", ["inspect", `oci:${folder}:shop:latest`], { encoding: "utf8" })) as Record<
    string,
    unknown
  >;
  expect(told).toMatchObject({ Digest: image.digest, Os: "linux" });
  const config = JSON.parse(execFileSync("skopeo", ["inspect", "--config", `oci:${folder}:shop:latest`], { encoding: "utf8" })) as {
    config: object;
  };
  expect(config.config).toMatchObject({ User: "10001:10001", WorkingDir: "/app" });
});

test("what was cut off in the middle is made anew", async () => {
  await using codebase = await Codebase.of({ "index.html": "<p>hola" });
  const { image, store } = await made(codebase);
  const layer = image.parts.at(-2)?.digest.slice(7) ?? "";
  await chmod(join(store, "blobs/sha256", layer), 0o600);
  await writeFile(join(store, "blobs/sha256", layer), "half");
  const again = await made(codebase);
  expect(again.image.digest).toBe(image.digest);
  expect((await readFile(join(store, "blobs/sha256", layer))).length).toBe(image.parts.at(-2)?.size);
  expect((await readdir(join(store, "blobs/sha256"))).filter((name) => name.endsWith(".aside"))).toEqual([]);
});

test.skipIf(!hasRegistry)("a registry is sent what it does not have, and nothing twice", async () => {
  await using codebase = await Codebase.of({ "index.html": "<p>hola" });
  await using registry = await Registry.start();
  const one = await made(codebase);
  const repository = `${registry.host}/team/shop`;
  const send = ({ image, store }: Made, tag = "v1") => push({ image, store, repository, tag, onProgress: quiet, signal });
  const all = [...one.image.parts, ...one.image.sbom].reduce((sum, { size }) => sum + size, 0);
  expect(await send(one)).toEqual({ reference: `${repository}@${one.image.digest}`, sentBytes: all + one.image.manifest.size });
  expect(await send(one)).toEqual({ reference: `${repository}@${one.image.digest}`, sentBytes: 0 });
  await codebase.write({ "index.html": "<p>adios" });
  const two = await made(codebase);
  const { sentBytes } = await send(two);
  expect(sentBytes).toBeGreaterThan(0);
  expect(sentBytes).toBeLessThan(20_000);
  // The tag is the second's now; the first is there under its digest.
  const manifest = async (name: string) =>
    await fetch(`http://${registry.host}/v2/team/shop/manifests/${name}`, {
      headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
    });
  expect((await manifest("v1")).headers.get("docker-content-digest")).toBe(two.image.digest);
  expect((await manifest(one.image.digest)).status).toBe(200);
  const list = one.image.sbom.at(-1)?.digest ?? "";
  expect(await (await manifest(list)).json()).toMatchObject({
    artifactType: "application/vnd.cyclonedx+json",
    subject: { digest: one.image.digest },
  });
});

test.skipIf(!hasRegistry)("credentials are those of docker login, and their want is told", async () => {
  await using codebase = await Codebase.of({ "index.html": "<p>hola" });
  await using registry = await Registry.start(true);
  const { image, store } = await made(codebase);
  const repository = `${registry.host}/shop`;
  const home = codebase.root;
  const path = process.env["PATH"] ?? "";
  const send = async (env: Record<string, string>): Promise<string> => {
    const credentials = await credentialsFor(registry.host, env);
    return (await push({ image, store, repository, onProgress: quiet, signal, ...(credentials && { credentials }) })).reference;
  };
  const codeOf = async (env: Record<string, string>): Promise<string> =>
    await send(env).catch((error: unknown) => (error instanceof Problem ? `${error.code}: ${error.why}` : String(error)));
  expect(await codeOf({ HOME: home })).toContain("registry-credentials");
  await mkdir(join(home, ".docker"));
  const login = async (config: object): Promise<void> => await writeFile(join(home, ".docker/config.json"), JSON.stringify(config));
  await login({ auths: { [registry.host]: { auth: Buffer.from("ana:wrong").toString("base64") } } });
  const refused = await codeOf({ HOME: home });
  expect(refused).toContain("registry-refused");
  expect(refused).not.toContain("wrong");
  await login({ auths: { [registry.host]: { auth: Buffer.from("ana:pushme").toString("base64") } } });
  expect(await send({ HOME: home })).toBe(`${repository}@${image.digest}`);
  await login({ credHelpers: { [registry.host]: "nosuch" } });
  expect(await codeOf({ HOME: home, PATH: path })).toContain(
    "docker-credential-nosuch, which the registry's settings name, failed: it is not installed",
  );
  await codebase.write({
    "docker-credential-kept": '#!/bin/sh\nread host\n[ "$1" = get ] && echo \'{"Username":"ana","Secret":"pushme"}\'\n',
  });
  await login({ credHelpers: { [registry.host]: "kept" } });
  expect(await send({ HOME: home, PATH: `${codebase.folder}:${path}` })).toBe(`${repository}@${image.digest}`);
  await writeFile(join(home, ".docker/config.json"), "{");
  expect(await codeOf({ HOME: home })).toContain("it is not JSON");
});

test("a registry that is not there is told", async () => {
  await using codebase = await Codebase.of({ "index.html": "<p>hola" });
  const { image, store } = await made(codebase);
  const sent = push({ image, store, repository: "127.0.0.1:1/shop", onProgress: quiet, signal });
  await expect(sent).rejects.toMatchObject({ code: "registry-unreachable" });
});

test.skipIf(!has("buildah") || !hasRegistry || !isRoot)(
  "a Dockerfile of the codebase makes the image, once for each build, and it is pushed as any",
  async () => {
    await using registry = await Registry.start();
    await using base = await Codebase.of({ Procfile: "web: true\n" });
    const plain = await made(base);
    const { reference } = await push({ ...plain, repository: `${registry.host}/base`, onProgress: quiet, signal });
    await using folder = await mkdtempDisposable(join(tmpdir(), "douze-dockerfile-"));
    const settings = {
      BUILDAH_ISOLATION: "chroot",
      CONTAINERS_STORAGE_CONF: join(folder.path, "storage.conf"),
      CONTAINERS_REGISTRIES_CONF: join(folder.path, "registries.conf"),
    };
    await writeFile(
      settings.CONTAINERS_STORAGE_CONF,
      `[storage]\ndriver = "vfs"\ngraphroot = "${folder.path}/graph"\nrunroot = "${folder.path}/run"\n`,
    );
    await writeFile(settings.CONTAINERS_REGISTRIES_CONF, `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);
    const dockerfile = `FROM ${reference}\nUSER 0\nWORKDIR /srv/shop\nENV PATH=/srv/bin:/usr/bin:/bin\nCOPY . .\nRUN echo made > made.txt\n`;
    await using codebase = await Codebase.of({
      "douze.yaml": "app: shop\nbuild: { dockerfile: docker/Dockerfile }\nprocesses: { web: ./serve }\n",
      "docker/Dockerfile": dockerfile,
      // It would be refused for want of a lock file; the Dockerfile says how it is built.
      "package.json": '{ "dependencies": { "left-pad": "1.0.0" } }',
    });
    const before = { ...process.env };
    Object.assign(process.env, settings);
    try {
      const { build, tree } = await codebase.build({ container: true });
      const lines: string[] = [];
      const request = { app: build.manifest.app, build, tree, store: shared, onProgress: (text: string) => void lines.push(text), signal };
      const image = await makeImage(request);
      expect(lines.join("\n")).toMatch(/docker\/Dockerfile, by buildah[\s\S]*RUN echo made/);
      expect(image).toMatchObject({ workingDir: "/srv/shop", path: ["/srv/bin", "/usr/bin", "/bin"], reused: false });
      const again = await makeImage(request);
      expect(again).toMatchObject({ digest: image.digest, reused: true });
      const sent = await push({ image, store: shared, repository: `${registry.host}/shop`, onProgress: quiet, signal });
      expect(sent.reference).toBe(`${registry.host}/shop@${image.digest}`);
      expect((await push({ image, store: shared, repository: `${registry.host}/shop`, onProgress: quiet, signal })).sentBytes).toBe(0);
      const told = await fetch(`http://${registry.host}/v2/shop/manifests/${image.digest}`, {
        headers: { accept: image.manifest.mediaType },
      });
      expect(((await told.json()) as { layers: unknown[] }).layers.length).toBeGreaterThan(1);
      execFileSync("buildah", ["pull", "-q", sent.reference], { env: process.env });
      const container = execFileSync("buildah", ["from", sent.reference], { env: process.env, encoding: "utf8" }).trim();
      expect(
        execFileSync("buildah", ["run", container, "--", "/bin/sh", "-c", "pwd; cat made.txt"], { env: process.env, encoding: "utf8" }),
      ).toBe("/srv/shop\nmade\n");

      await using broken = await Codebase.of({
        "douze.yaml": "app: shop\nbuild: { dockerfile: Dockerfile }\nprocesses: { web: ./serve }\n",
        Dockerfile: `FROM ${reference}\nUSER 0\nRUN echo the last words >&2 && exit 3\n`,
      });
      const failing = await broken.build({ container: true });
      await expect(makeImage({ ...request, ...failing })).rejects.toMatchObject({
        code: "build-failed",
        why: expect.stringContaining("the last words") as string,
      });
    } finally {
      for (const key of Object.keys(settings)) if (before[key] === undefined) delete process.env[key];
    }
  },
);
