import { type EnvironmentName, inventory, type Target } from "@douze/core";
import { expect, test } from "vitest";

const read = (text: string): Target => inventory(text, "production.yaml", "production" as EnvironmentName, {}).target;

test("from files, with a plain port beside it", () => {
  expect(read("target: { port: 443, tls: { certificates: [{ cert: /c.pem, key: /k.pem }], redirect: 80, hsts: 1h } }")).toEqual({
    kind: "local",
    port: 443,
    hosts: [],
    tls: { certificates: [{ cert: "/c.pem", key: "/k.pem" }], redirectPort: 80, hstsMs: 3_600_000 },
  });
});

test("from an authority", () => {
  const target = read(`target: { hosts: [a.example], tls: { acme: { directory: "https://ca/dir" }, redirect: 80 } }`);
  expect(target.kind === "local" && target.tls).toEqual({
    certificates: [],
    acme: { directory: "https://ca/dir" },
    redirectPort: 80,
  });
});

test.each([
  ["target: { tls: {} }", "expected `certificates:` or `acme:`"],
  ["target: { hosts: [a.example], tls: { acme: { directory: 'https://ca/dir' } } }", "needs `redirect:`"],
  ["target: { tls: { acme: { directory: 'https://ca/dir' }, redirect: 80 } }", "needs `hosts:`"],
  ["target: { hosts: ['*.a.example'], tls: { acme: { directory: 'https://ca/dir' }, redirect: 80 } }", "cannot prove whole domains"],
  ["target: { port: 443, tls: { certificates: [{ cert: /c, key: /k }], redirect: 443 } }", "expected another one"],
  ["target: { tls: { certificates: [{ cert: c.pem, key: /k }] } }", "an absolute path"],
  ["target: { tls: { certificate: [] } }", "did you mean `certificates`"],
  ["target: { hosts: [a.example], tls: { acme: { directory: 'http://ca/dir' }, redirect: 80 } }", "an https:// URL"],
])("refused: %s", (text, why) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: "inventory-invalid", why: expect.stringContaining(why) }));
});
