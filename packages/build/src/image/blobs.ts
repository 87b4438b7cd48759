import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Descriptor, digestOf } from "./descriptor.ts";

/** Parts of images on disk, by their digests, as an OCI layout has them; one that is there is never written again. */
export class Blobs {
  readonly #folder: string;

  /** @param folder - with `blobs/sha256` in it */
  constructor(folder: string) {
    this.#folder = join(folder, "blobs", "sha256");
  }

  path(digest: string): string {
    return join(this.#folder, digest.slice("sha256:".length));
  }

  async has({ digest, size }: Pick<Descriptor, "digest" | "size">): Promise<boolean> {
    try {
      return (await stat(this.path(digest))).size === size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }

  async read(digest: string): Promise<Buffer> {
    return await readFile(this.path(digest));
  }

  stream(digest: string): NodeJS.ReadableStream {
    return createReadStream(this.path(digest));
  }

  async put(mediaType: string, content: Uint8Array | string): Promise<Descriptor> {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    const digest = digestOf(bytes);
    const descriptor = { mediaType, digest, size: bytes.length };
    if (!(await this.has(descriptor))) {
      const aside = await this.#aside();
      await using file = await open(aside, "wx", 0o600);
      await file.writeFile(bytes);
      await file.sync();
      await this.#place(aside, digest);
    }
    return descriptor;
  }

  /**
   * Takes a stream in whole, or not at all.
   *
   * @param expected - what it must turn out to be; anything else is thrown away
   * @throws Error - it is not what was expected
   */
  async putStream(mediaType: string, source: NodeJS.ReadableStream, expected?: string): Promise<Descriptor> {
    const aside = await this.#aside();
    const hash = createHash("sha256");
    let size = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    });
    try {
      await pipeline(source, measure, createWriteStream(aside, { flags: "wx", mode: 0o600, flush: true }));
      const digest = `sha256:${hash.digest("hex")}`;
      if (expected !== undefined && digest !== expected) throw new Error(`a blob should be ${expected} and is ${digest}`);
      await this.#place(aside, digest);
      return { mediaType, digest, size };
    } catch (error) {
      await rm(aside, { force: true });
      throw error;
    }
  }

  async #aside(): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return join(this.#folder, `.${randomBytes(8).toString("hex")}.aside`);
  }

  async #place(aside: string, digest: string): Promise<void> {
    await rename(aside, this.path(digest));
    await using folder = await open(this.#folder, "r");
    await folder.sync();
  }
}
