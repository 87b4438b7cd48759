import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "@douze/core";

/** Who pushes. A user `<token>` means that the password is an identity token. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

/**
 * Credentials for a registry, from where `docker login`, `podman login` and their helpers put them.
 *
 * @returns nothing where there are none: then it is tried without
 * @throws Problem registry-credentials - a file or a helper that is named cannot be read or run
 */
export async function credentialsFor(
  registry: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials | undefined> {
  const home = env["HOME"] ?? "/";
  const runtime = env["XDG_RUNTIME_DIR"];
  const files = [
    ...(env["REGISTRY_AUTH_FILE"] ? [env["REGISTRY_AUTH_FILE"]] : []),
    join(env["DOCKER_CONFIG"] ?? join(home, ".docker"), "config.json"),
    ...(runtime ? [join(runtime, "containers/auth.json")] : []),
  ];
  for (const file of files) {
    const config = await configIn(file);
    const found = config && (await credentialsIn(config, registry, env));
    if (found) return found;
  }
  return undefined;
}

async function credentialsIn(
  config: DockerConfig,
  registry: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials | undefined> {
  const names = [registry, `https://${registry}`, `https://${registry}/v1/`, `https://${registry}/v2/`];
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  if (helper !== undefined) {
    const told = await askHelper(helper, registry, env);
    if (told) return told;
  }
  for (const name of names) {
    const { auth, identitytoken } = config.auths?.[name] ?? {};
    if (identitytoken) return { user: "<token>", password: identitytoken };
    if (!auth) continue;
    const text = Buffer.from(auth, "base64").toString();
    const colon = text.indexOf(":");
    if (colon > 0) return { user: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  return undefined;
}

async function configIn(file: string): Promise<DockerConfig | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(file, "it cannot be opened", error);
  }
  try {
    return JSON.parse(text) as DockerConfig;
  } catch (error) {
    throw unreadable(file, "it is not JSON", error);
  }
}

/** @see https://github.com/docker/docker-credential-helpers */
async function askHelper(
  helper: string,
  registry: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  const { promise, resolve } = Promise.withResolvers<{ readonly error: Error | null; readonly text: string }>();
  const child = execFile(program, ["get"], { env: { ...env } }, (error, text) => resolve({ error, text }));
  // One that ends without reading is told of by its exit status.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(registry);
  const { error, text } = await promise;
  if (error) {
    if (/credentials not found/i.test(text)) return undefined;
    throw new Problem({
      code: "registry-credentials",
      what: `no credentials for ${registry}`,
      why: `${program}, which the registry's settings name, failed${(error as NodeJS.ErrnoException).code === "ENOENT" ? ": it is not installed" : ""}`,
      fix: `run \`docker login ${registry}\`, or mend \`credHelpers\` and \`credsStore\` in ~/.docker/config.json`,
      cause: error,
    });
  }
  const { Username, Secret } = JSON.parse(text) as { readonly Username?: string; readonly Secret?: string };
  return Username && Secret ? { user: Username, password: Secret } : undefined;
}

function unreadable(file: string, why: string, cause: unknown): Problem {
  return new Problem({
    code: "registry-credentials",
    what: `${file} cannot be read`,
    why,
    fix: "mend the file, or log in again: `docker login`",
    cause,
  });
}
