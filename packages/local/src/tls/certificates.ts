import { readFileSync, statSync } from "node:fs";
import type { SecureContext } from "node:tls";
import type { CertificateFiles } from "@douze/core";
import { type Certificate, certificateOf } from "./certificate.ts";

export interface CertificatesOptions {
  /** For people: what was read anew, and what cannot be read. */
  readonly note: (text: string) => void;
  /** The one for clients that name no host has changed. */
  readonly onDefault: (certificate: Certificate) => void;
}

/** How often files are looked at, in milliseconds: a look at what has not changed is a call to the kernel for each. */
const lookMs = 2_000;

interface Read {
  readonly files: CertificateFiles;
  readonly mark: string;
  readonly certificate: Certificate | undefined;
}

/**
 * The certificates of a port. Files are read anew when they change, through links too; one that cannot be read, or whose key is not its
 * own yet, changes nothing: what was read before goes on.
 */
export class Certificates implements Disposable {
  readonly #options: CertificatesOptions;
  readonly #timer: NodeJS.Timeout;
  #wanted: readonly CertificateFiles[] = [];
  #read: readonly Read[] = [];
  #default: Certificate | undefined;

  constructor(options: CertificatesOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.look(), lookMs).unref();
  }

  set(wanted: readonly CertificateFiles[]): void {
    this.#wanted = wanted;
    this.look();
  }

  /** For a host that a client names: one that is for it, else the first. Of several the one that is valid for longest. */
  contextFor(host: string): SecureContext | undefined {
    const fitting = this.#all.filter((each) => each.matches(host)).toSorted((a, b) => b.validTo - a.validTo);
    return (fitting[0] ?? this.#default)?.context;
  }

  look(): void {
    this.#read = this.#wanted.map((files) => this.#lookAt(files));
    const [first] = this.#all;
    if (first === this.#default) return;
    this.#default = first;
    if (first) this.#options.onDefault(first);
  }

  get #all(): readonly Certificate[] {
    return this.#read.flatMap(({ certificate }) => certificate ?? []);
  }

  #lookAt(files: CertificateFiles): Read {
    const before = this.#read.find((each) => each.files.cert === files.cert && each.files.key === files.key);
    const mark = `${markOf(files.cert)} ${markOf(files.key)}`;
    if (before?.mark === mark) return before;
    const { note } = this.#options;
    try {
      const certificate = certificateOf(readFileSync(files.cert, "utf8"), readFileSync(files.key, "utf8"));
      const until = new Date(certificate.validTo).toISOString();
      note(`the certificate ${files.cert} was read: for ${certificate.names.join(", ")}, until ${until}`);
      return { files, mark, certificate };
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      note(`the certificate ${files.cert} cannot be used: ${text}${before?.certificate ? "; the former one goes on" : ""}`);
      return { files, mark, certificate: before?.certificate };
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Another one when the file is another, or has another content. */
function markOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "absent" : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
}
