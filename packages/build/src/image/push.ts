import { Blobs } from "./blobs.ts";
import type { Credentials } from "./credentials.ts";
import { type Descriptor, mediaTypes } from "./descriptor.ts";
import type { Image } from "./image.ts";
import { RegistryClient } from "./registry-client.ts";
import { repositoryOf } from "./repository.ts";

export interface PushRequest {
  readonly image: Pick<Image, "parts" | "sbom" | "digest">;
  readonly store: string;
  /** `registry.example.org/team/shop` */
  readonly repository: string;
  /** A name for people beside the digest. Default none. */
  readonly tag?: string;
  readonly credentials?: Credentials;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface Pushed {
  /** `registry.example.org/team/shop@sha256:…` */
  readonly reference: string;
  /** Bytes that were sent; none when everything was there. */
  readonly sentBytes: number;
}

/**
 * Brings an image into a registry. What is there is not sent again; the manifest comes last, so that nothing is ever named that is not
 * there in whole.
 *
 * @throws Problem registry-unreachable, registry-refused, registry-credentials
 */
export async function push(request: PushRequest): Promise<Pushed> {
  const { image, store, repository, tag, credentials, onProgress, signal } = request;
  const blobs = new Blobs(store);
  const client = new RegistryClient(repositoryOf(repository), credentials, signal);
  let sentBytes = 0;
  for (const part of [...image.parts, ...image.sbom]) {
    if (part.mediaType === mediaTypes.manifest) {
      const names = part.digest === image.digest && tag !== undefined ? [part.digest, tag] : [part.digest];
      for (const name of names) sentBytes += await sendManifest(client, blobs, part, name);
    } else if (!(await isThere(client, `/blobs/${part.digest}`))) {
      onProgress(`sending ${(part.size / 2 ** 20).toFixed(1)} MiB`);
      await sendBlob(client, blobs, part);
      sentBytes += part.size;
    }
  }
  return { reference: `${repository}@${image.digest}`, sentBytes };
}

async function isThere(client: RegistryClient, rest: string): Promise<boolean> {
  const { status } = await client.ask({ method: "HEAD", url: client.path(rest) });
  return status === 200;
}

async function sendBlob(client: RegistryClient, blobs: Blobs, { digest, size }: Descriptor): Promise<void> {
  const begun = await client.must({ method: "POST", url: client.path("/blobs/uploads/"), headers: { "content-length": "0" } }, 202);
  const place = begun.headers.location ?? "";
  const url = `${place}${place.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digest)}`;
  await client.must(
    {
      method: "PUT",
      url,
      headers: { "content-type": "application/octet-stream", "content-length": String(size) },
      body: () => blobs.stream(digest),
    },
    201,
  );
}

/** A digest that is there is that manifest; a tag may be another one's. */
async function sendManifest(client: RegistryClient, blobs: Blobs, { digest, mediaType, size }: Descriptor, name: string): Promise<number> {
  const url = client.path(`/manifests/${name}`);
  const there = await client.ask({ method: "HEAD", url, headers: { accept: mediaType } });
  if (there.status === 200 && (name === digest || there.headers["docker-content-digest"] === digest)) return 0;
  const content = await blobs.read(digest);
  await client.must(
    { method: "PUT", url, headers: { "content-type": mediaType, "content-length": String(size) }, body: () => content },
    201,
  );
  return size;
}
