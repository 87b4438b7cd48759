import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import type { Acme, CertificateFiles, Instant } from "@douze/core";
import type * as Client from "acme-client";
import { makeFolder, readIfThere, writeWhole } from "../files.ts";
import { type Certificate, certificateOf } from "./certificate.ts";
import { renewalAt } from "./renewal.ts";

export interface AcmeOptions {
  readonly acme: Acme;
  readonly hosts: readonly string[];
  /** For the account's key and the certificate. */
  readonly directory: string;
  /** Has the plain port answer the authority, by token. */
  readonly answer: (challenges: Readonly<Record<string, string>>) => void;
  /** For people. */
  readonly note: (text: string) => void;
  readonly clock: () => Instant;
}

/** What comes from an authority: one file with key and chain, so that nobody finds the one without the other. It may not be there yet. */
export function acmeFiles(directory: string): CertificateFiles {
  const path = join(directory, "certificate.pem");
  return { cert: path, key: path };
}

const longestTimerMs = 3_600_000;

/** Keeps a certificate for some hosts, from an authority that speaks RFC 8555 and asks on the plain port whose names they are. */
export class AcmeCertificate implements AsyncDisposable {
  readonly #options: AcmeOptions;
  readonly #challenges = new Map<string, string>();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  #failures = 0;
  #failedAt: Instant | undefined;

  constructor(options: AcmeOptions) {
    this.#options = options;
    makeFolder(options.directory);
    this.#look();
  }

  get #path(): string {
    return acmeFiles(this.#options.directory).cert;
  }

  #look(): void {
    if (this.#closing.signal.aborted) return;
    const { clock, hosts } = this.#options;
    const wait = renewalAt(hosts, this.#current(), this.#failures, this.#failedAt) - clock();
    clearTimeout(this.#timer);
    if (wait > 0) {
      this.#timer = setTimeout(() => this.#look(), Math.min(longestTimerMs, wait)).unref();
      return;
    }
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
      this.#look();
    });
  }

  #current(): Certificate | undefined {
    const text = readIfThere(this.#path);
    try {
      return text === undefined ? undefined : certificateOf(text, text);
    } catch {
      // Damaged: a new one is asked for.
      return undefined;
    }
  }

  async #ask(): Promise<void> {
    const { hosts, note, clock } = this.#options;
    try {
      await this.#order();
      this.#failures = 0;
      note(`a certificate for ${hosts.join(", ")} was given by the authority`);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#failures += 1;
      this.#failedAt = clock();
      const again = Math.round((renewalAt(hosts, undefined, this.#failures, this.#failedAt) - clock()) / 60_000);
      note(
        `no certificate for ${hosts.join(", ")} yet: ${error instanceof Error ? error.message : String(error)}; trying again in ${again} min`,
      );
    }
  }

  async #order(): Promise<void> {
    const { acme, hosts } = this.#options;
    // Only who asks for certificates pays for the library.
    const { Client, axios, crypto } = await import("acme-client");
    if (acme.ca !== undefined) axios.defaults.httpsAgent = new Agent({ ca: [...rootCertificates, readFileSync(acme.ca, "utf8")] });
    const client = new Client({ directoryUrl: acme.directory, accountKey: await this.#accountKey(crypto) });
    const key = await crypto.createPrivateEcdsaKey();
    const [, csr] = await crypto.createCsr({ altNames: [...hosts] }, key);
    const chain = await client.auto({
      csr,
      ...(acme.email !== undefined && { email: acme.email }),
      termsOfServiceAgreed: true,
      challengePriority: ["http-01"],
      // Whether the answer can be had from here says nothing of the authority's way.
      skipChallengeVerification: true,
      challengeCreateFn: async (_authorization, { token }, answer) => this.#challenge(token, answer),
      challengeRemoveFn: async (_authorization, { token }) => this.#challenge(token, undefined),
    });
    this.#closing.signal.throwIfAborted();
    writeWhole(this.#path, `${key.toString().trimEnd()}\n${chain}`, "durable");
  }

  async #accountKey(crypto: typeof Client.crypto): Promise<string> {
    const path = join(this.#options.directory, "account.pem");
    const known = readIfThere(path);
    if (known !== undefined) return known;
    const key = (await crypto.createPrivateEcdsaKey()).toString();
    writeWhole(path, key, "durable");
    return key;
  }

  #challenge(token: string, answer: string | undefined): void {
    if (answer === undefined) this.#challenges.delete(token);
    else this.#challenges.set(token, answer);
    this.#options.answer(Object.fromEntries(this.#challenges));
  }

  /** What is under way is given up: the next start asks again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
  }
}
