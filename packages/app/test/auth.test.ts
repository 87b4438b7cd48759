import { exportSPKI, generateKeyPair, importJWK } from "jose";
import { describe, expect, test } from "vitest";
import { HttpProblem } from "../src/api.ts";
import { developmentIssuer } from "../src/auth/development-issuer.ts";
import { callerOf } from "../src/auth/mutual-tls.ts";
import { type Authenticator, bearer, type Identity } from "../src/auth.ts";
import { Issuer } from "./support/issuer.ts";

const asking = (token: string, scheme = "Bearer"): Request =>
  new Request("http://app/", { headers: { authorization: `${scheme} ${token}` } });

async function refusal(authenticator: Authenticator, request: Request): Promise<HttpProblem> {
  try {
    await authenticator.authenticate(request);
  } catch (error) {
    if (error instanceof HttpProblem) return error;
    throw error;
  }
  throw new Error("it was let in");
}

const b64 = (value: unknown): string => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

describe("bearer tokens", () => {
  test("of a real issuer are understood, with scopes and roles", async () => {
    await using issuer = await developmentIssuer({
      audience: "shop",
      scopes: ["notes:read", "notes:write"],
      clients: [{ id: "robot", secret: "r", roles: ["editor"] }],
    });
    const authenticator = bearer({ issuer: issuer.issuer, audience: "shop" });
    const identity: Identity = await authenticator.authenticate(asking(await issuer.token("notes:write")));
    expect(identity).toMatchObject({ subject: "robot", scopes: new Set(["notes:write"]), roles: new Set(["editor"]) });
    const elsewhere = bearer({ issuer: issuer.issuer, audience: "other" });
    expect((await refusal(elsewhere, asking(await issuer.token("notes:read")))).status).toBe(401);
  });

  test("with a defect are refused, each of them, and not told why", async () => {
    await using issuer = await Issuer.start();
    await using other = await Issuer.start();
    const authenticator = bearer({ issuer: issuer.url, audience: "shop" });
    const now = Math.floor(Date.now() / 1000);
    const good = await issuer.sign();
    expect((await authenticator.authenticate(asking(good))).subject).toBe("ana");
    const [head = "", body = "", signature = ""] = good.split(".");
    const { publicKey } = await generateKeyPair("RS256", { extractable: true });
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    const ownKey = await importJWK({ ...issuer.key.jwk, alg: "RS256" }, "RS256");
    const pem = new TextEncoder().encode(await exportSPKI(ownKey as never).catch(() => "x".repeat(64)));
    const strange = await generateKeyPair("RS256");
    const defects: Record<string, string> = {
      "unsigned, alg none": `${b64({ alg: "none", kid: issuer.key.kid })}.${body}.`,
      "signed with the public key as a shared secret": await issuer.sign({}, { alg: "HS256" }, pem),
      "signed with another's shared secret": await issuer.sign({}, { alg: "HS256" }, secret),
      "signed by nobody known, under a known name": await issuer.sign({}, {}, strange.privateKey),
      "signed by a key that it brings itself": await issuer.sign({}, { jwk: issuer.key.jwk, kid: "brought" }, strange.privateKey),
      "of another issuer": await other.sign(),
      "that says it is of another issuer": await issuer.sign({ iss: "https://elsewhere.example" }),
      "for somebody else": await issuer.sign({ aud: "other" }),
      "for nobody": await issuer.sign({ aud: undefined as never }),
      "that has expired": await issuer.sign({ exp: now - 60 }),
      "that never expires": await issuer.sign({ exp: undefined as never }),
      "of the future": await issuer.sign({ nbf: now + 60 }),
      "of nobody": await issuer.sign({ sub: undefined as never }),
      "with another body": `${head}.${b64({ ...JSON.parse(Buffer.from(body, "base64url").toString()), sub: "root" })}.${signature}`,
      "without a signature": `${head}.${body}.`,
      "cut in the middle": good.slice(0, -20),
      "that asks for what nobody knows": `${b64({ alg: "RS256", kid: issuer.key.kid, crit: ["x"], x: 1 })}.${body}.${signature}`,
      "that is none": "not-a-token",
      "that is too large": `${head}.${"a".repeat(20_000)}.${signature}`,
    };
    for (const [what, token] of Object.entries(defects)) {
      const { status, headers, detail } = await refusal(authenticator, asking(token));
      expect([what, status, headers["www-authenticate"], detail]).toEqual([what, 401, 'Bearer error="invalid_token"', undefined]);
    }
    for (const request of [new Request("http://app/"), asking(good, "Basic"), asking("")]) {
      expect((await refusal(authenticator, request)).headers["www-authenticate"]).toBe("Bearer");
    }
  });

  test("allow for clocks that are a little apart", async () => {
    await using issuer = await Issuer.start();
    const now = Math.floor(Date.now() / 1000);
    const authenticator = bearer({ issuer: issuer.url, audience: "shop", clockToleranceS: 10 });
    expect((await authenticator.authenticate(asking(await issuer.sign({ exp: now - 5, nbf: now + 5 })))).subject).toBe("ana");
    expect((await refusal(authenticator, asking(await issuer.sign({ exp: now - 60 })))).status).toBe(401);
  });

  test("follow a rotated key at once, and nonsense does not have the issuer asked", async () => {
    await using issuer = await Issuer.start();
    const authenticator = bearer({ issuer: issuer.url, audience: "shop", keysCooldownMs: 0 });
    const former = await issuer.sign();
    await authenticator.authenticate(asking(former));
    expect(issuer.asked).toBe(1);
    await issuer.rotate("two");
    expect((await authenticator.authenticate(asking(await issuer.sign()))).subject).toBe("ana");
    expect(issuer.asked).toBe(2);
    expect((await refusal(authenticator, asking(former))).status).toBe(401);
    const careful = bearer({ issuer: issuer.url, audience: "shop" });
    await careful.authenticate(asking(await issuer.sign()));
    const { asked } = issuer;
    for (let index = 0; index < 20; index++) await refusal(careful, asking(await issuer.sign({}, { kid: `made up ${index}` })));
    expect(issuer.asked).toBe(asked);
  });

  test("cannot be checked while the issuer is away, which is nobody's fault who asks", async () => {
    await using issuer = await Issuer.start();
    const authenticator = bearer({ issuer: issuer.url, audience: "shop" });
    issuer.away = true;
    expect((await refusal(authenticator, asking(await issuer.sign()))).status).toBe(503);
    issuer.away = false;
    expect((await authenticator.authenticate(asking(await issuer.sign()))).subject).toBe("ana");
    issuer.away = true;
    // What is known stays known.
    expect((await authenticator.authenticate(asking(await issuer.sign()))).subject).toBe("ana");
  });
});

test.each([
  ["By=spiffe://c/api;Hash=ab;URI=spiffe://c/web", "spiffe://c/web"],
  ['By=spiffe://c/api;Subject="CN=a;URI=spiffe://c/forged,O=x";URI=spiffe://c/web', "spiffe://c/web"],
  ["URI=spiffe://c/forged,By=spiffe://c/api;URI=spiffe://c/web", "spiffe://c/web"],
  ['Subject="a\\";URI=spiffe://c/forged";Hash=ab', undefined],
  ["Hash=ab", undefined],
  ["", undefined],
])("the caller in %s is %s", (text, caller) => {
  expect(callerOf(text)).toBe(caller);
});
