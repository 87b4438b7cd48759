import fc from "fast-check";
import { expect, test } from "vitest";
import { secretsIn } from "../../src/factors/03-config/secret-patterns.ts";

// Put together here, so that no scanner takes this file for what it tests.
const letters = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7";
const some = (count: number): string => letters.repeat(4).slice(0, count);
const upper = (count: number): string => "ABC2DE3FG4HJ5KL6".repeat(4).slice(0, count);
const header = (kind: string): string => `-----BEGIN ${kind}PRIVATE KEY-----\n${some(64)}\n${some(20)}\n`;

test.for([
  ["a private key", header("")],
  ["a private key", header("RSA ").replaceAll("\n", "\r\n")],
  ["a private key", header("OPENSSH ")],
  ["an AWS access key", `AKIA${upper(16)}`],
  ["a GitHub token", `ghp_${some(36)}`],
  ["a GitHub token", `github_pat_${some(22)}_${some(59)}`],
  ["a GitLab token", `glpat-${some(20)}`],
  ["a Slack token", `xoxb-${"1234567890"}-${some(24)}`],
  ["a Slack webhook", `https://hooks.slack.com/services/T${upper(8)}/B${upper(8)}/${some(24)}`],
  ["a Stripe secret key", `sk_live_${some(24)}`],
  ["a Google API key", `AIza${some(35)}`],
  ["an npm token", `npm_${some(36)}`],
  ["a SendGrid key", `SG.${some(22)}.${some(43)}`],
  ["an age identity", `AGE-SECRET-KEY-1${"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".repeat(2).slice(0, 58)}`],
  ["an OpenAI key", `sk-proj-${some(20)}T3BlbkFJ${some(20)}`],
  ["an Anthropic key", `sk-ant-api03-${some(84)}`],
] as const)("%s is found by its form", ([kind, secret]) => {
  const found = secretsIn(`first line\nKEY="${secret}"\n`);
  expect(found).toEqual([{ line: 2, kind, shown: expect.any(String) as string, sure: true }]);
  // What is shown is not enough to use it.
  expect(found[0]?.shown.length).toBeLessThan(18);
});

test("an address with a password for another machine is found, and its password is not shown", () => {
  // In two parts, so that no scanner takes this file for a leak.
  const address = ["postgres://shop:s3cr3t-pw", "db.prod.acme.io:5432/shop"].join("@");
  expect(secretsIn(`a\nb\nurl: ${address}\n`)).toEqual([
    { line: 3, kind: "an address with a password", shown: "postgres://shop:…@db.prod.acme.io", sure: false },
  ]);
});

test.for([
  "the word password, SECRET_KEY and token",
  "postgres://shop:pw123456@localhost:5432/shop",
  "postgres://shop:pw123456@127.0.0.1/shop",
  "postgres://shop:pw123456@db:5432/shop",
  "postgres://shop:pw123456@database.example.com/shop",
  "redis://:pw123456@cache.test:6379",
  "postgres://user:password@db.acme.io/shop",
  "postgres://shop:${PASSWORD}@db.acme.io/shop",
  "postgres://shop:<password>@db.acme.io/shop",
  "postgres://shop:changeme@db.acme.io/shop",
  "https://github.com/acme/shop#readme",
  `AKIA${"IOSFODNN7"}EXAMPLE`,
  `ghp_${"x".repeat(36)}`,
  "-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----",
  "-----BEGIN CERTIFICATE-----\nMIIB",
  `sha512-${"aB3dE6gH9jK2mN5pQ8sT1vW4yZ7".repeat(3)}==`,
  "5f2c1d3e-9a8b-4c7d-8e6f-0a1b2c3d4e5f",
  "ENC[AES256_GCM,data:abc,iv:def,tag:ghi,type:str]",
  "pk_live_is_public",
] as const)("%s is none", (text) => {
  expect(secretsIn(text)).toEqual([]);
});

test("no random text of identifiers is taken for a secret", () => {
  const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 20, maxLength: 80 });
  fc.assert(fc.property(hex, (text) => secretsIn(`id = "${text}"`).length === 0));
});
