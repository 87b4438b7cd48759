import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** An issuer whose keys a test has in its hands: what a real one would never sign has to be signed by somebody. */
export class Issuer implements AsyncDisposable {
  readonly #server: Server;
  #keys: Key[] = [];
  asked = 0;
  away = false;

  private constructor() {
    this.#server = createServer((request, response) => {
      if (this.away) return void response.writeHead(500).end();
      response.setHeader("content-type", "application/json");
      if (request.url === "/.well-known/openid-configuration")
        return void response.end(JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/keys` }));
      this.asked++;
      response.end(JSON.stringify({ keys: this.#keys.map(({ jwk }) => jwk) }));
    });
  }

  static async start(): Promise<Issuer> {
    const issuer = new Issuer();
    issuer.#server.listen(0, "127.0.0.1");
    await once(issuer.#server, "listening");
    await issuer.rotate("one");
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get key(): Key {
    return this.#keys.at(-1) as Key;
  }

  /** From now on it signs with another key, and shows that one alone. */
  async rotate(kid: string): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
    this.#keys = [{ kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" } }];
  }

  async sign(
    claims: JWTPayload = {},
    head: Readonly<Record<string, unknown>> = {},
    key: CryptoKey | Uint8Array = this.key.privateKey,
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const whole = { iss: this.url, aud: "shop", sub: "ana", iat: now, exp: now + 60, scope: "read write", roles: ["editor"], ...claims };
    const sound = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
    return await new SignJWT(sound).setProtectedHeader({ alg: "RS256", kid: this.key.kid, ...head }).sign(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
