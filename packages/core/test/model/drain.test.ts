import { type EnvironmentName, inventory } from "@douze/core";
import { expect, test } from "vitest";

const read = (text: string, secrets: Readonly<Record<string, string>> = {}): ReturnType<typeof inventory>["drains"] =>
  inventory(text, "production.yaml", "production" as EnvironmentName, secrets).drains;
const flaw = (text: string, secrets?: Readonly<Record<string, string>>): string => {
  try {
    read(text, secrets);
  } catch (error) {
    return (error as { why: string }).why;
  }
  return "none";
};

test("each kind is known by its URL", () => {
  const text = `drains:
  a: file:///var/log/a.ndjson
  b: https://logs.example.org/in
  c: syslog+tls://logs.example.org:6514
  d: { url: "otlp+http://[::1]:4318", processes: [web], ca: /etc/ca.pem }
`;
  expect(read(text)).toEqual([
    { name: "a", kind: "file", url: "file:///var/log/a.ndjson", headers: {}, processes: [] },
    { name: "b", kind: "http", url: "https://logs.example.org/in", headers: {}, processes: [] },
    { name: "c", kind: "syslog", url: "syslog+tls://logs.example.org:6514", headers: {}, processes: [] },
    { name: "d", kind: "otlp", url: "otlp+http://[::1]:4318", headers: {}, processes: ["web"], ca: "/etc/ca.pem" },
  ]);
});

test("a URL and headers may be secrets", () => {
  const text = "drains: { a: { secret: URL, headers: { Authorization: { secret: TOKEN }, X-Plain: p } } }";
  expect(read(text, { URL: "https://u:p@logs.example.org", TOKEN: "Bearer t" })).toEqual([
    { name: "a", kind: "http", url: "https://u:p@logs.example.org", headers: { Authorization: "Bearer t", "X-Plain": "p" }, processes: [] },
  ]);
});

test.each([
  ["a: ftp://x", "expected a URL that begins with one of"],
  ["a: https://", "expected a URL"],
  ["a: file://host/x", "expected a URL"],
  ["a: file:///folder/", "expected a URL"],
  ["a: {}", "expected one of `url:` and `secret:`"],
  ["a: { secret: URI }", "did you mean `URL`?"],
  ["a: { url: 'syslog://h', headers: { A: b } }", "over HTTP"],
  ["a: { secret: BAD }", "expected a URL"],
  ['a: { url: "https://h", headers: { A: "b\\nC: d" } }', "more than one line"],
  ["A: https://h", "a name of small letters"],
  ["a: { uri: https://h }", "did you mean `url`"],
])("refused: %s", (text, why) => {
  const found = flaw(`drains: { ${text} }`, { URL: "https://h", BAD: "hunter2" });
  expect(found).toContain(why);
  expect(found).not.toContain("hunter2");
});
