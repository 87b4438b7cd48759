import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contractClient } from "../src/api/contract-client.ts";
import { shapeOf } from "../src/api/shape.ts";
import { type Call, type Contract, contract, type Handlers, HttpProblem, type OpenApiDocument } from "../src/api.ts";
import { type Authenticator, mutualTls } from "../src/auth.ts";
import type { operations } from "./fixtures/openapi.gen.ts";

const file = join(import.meta.dirname, "fixtures/openapi.yaml");

/** Whoever says who they are: the ways of proving it are tested apart. */
const named: Authenticator = {
  authenticate: async (request) => {
    const [subject, scopes = "", roles = ""] = (request.headers.get("authorization") ?? "").split("|");
    if (!subject) throw new HttpProblem(401, "Unauthorized", { headers: { "www-authenticate": "Bearer" } });
    return await Promise.resolve({ subject, scopes: new Set(scopes.split(" ")), roles: new Set(roles.split(" ")), claims: {} });
  },
};

function handlers(notes: { id: number; text: string }[]): Handlers<operations> {
  return {
    listNotes: ({ query: { limit = 100 } }) => ({ status: 200, body: notes.slice(0, limit) }),
    addNote: ({ body: { text } }) => {
      const note = { id: notes.length + 1, text };
      notes.push(note);
      return { status: 201, body: note };
    },
    getNote: ({ path: { id } }: Call<operations["getNote"]>) => {
      const note = notes.find((each) => each.id === id);
      if (!note) throw new HttpProblem(404, "Not Found", { detail: "there is no such note", note: id });
      return { status: 200, body: note };
    },
    deleteNote: () => ({ status: 204 }),
    internal: ({ identity }) => ({ status: 200, body: `hello ${identity?.subject}` }),
  };
}

async function notesApp(own: Partial<Handlers<operations>> = {}, responses: "refuse" | "log" = "refuse"): Promise<Contract> {
  return await contract<operations>(
    file,
    { ...handlers([{ id: 1, text: "first" }]), ...own },
    { auth: { oidc: named, mesh: mutualTls() }, responses },
  );
}

const json = (body: unknown, authorization?: string): RequestInit => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) },
});

test.each([
  [{ type: "integer", minimum: 1 }, "integer (minimum 1)"],
  [{ type: ["string", "null"], format: "date-time" }, "string | null (date-time)"],
  [{ enum: ["a", 1] }, '"a" | 1'],
  [{ oneOf: [{ type: "string" }, { const: 7 }] }, "string | 7"],
  [{ type: "array", items: { $ref: "#/components/schemas/Node" } }, /^list of \{\n {4}next\?: \{[\s\S]*…/],
  [undefined, "anything"],
])("%j is written %s", (schema, shape) => {
  const document = {
    openapi: "3.1.0",
    info: { title: "a", version: "1" },
    components: { schemas: { Node: { type: "object", properties: { next: { $ref: "#/components/schemas/Node" } } } } },
  };
  expect(shapeOf(schema, document)).toMatch(typeof shape === "string" ? new RegExp(`^${RegExp.escape(shape)}$`) : shape);
});

describe("a contract", () => {
  test("is kept, answer by answer", async () => {
    const client = await contractClient(file, (await notesApp()).fetch);
    expect(await (await client.fetch("/notes?limit=1")).json()).toEqual([{ id: 1, text: "first" }]);
    expect(await (await client.fetch("/notes", json({ text: "second", tag: null }, "ana|notes:write"))).json()).toEqual({
      id: 2,
      text: "second",
    });
    expect(await (await client.fetch("/notes/2")).json()).toEqual({ id: 2, text: "second" });
    const missing = await client.fetch("/notes/9");
    expect(missing.headers.get("content-type")).toBe("application/problem+json");
    expect(await missing.json()).toEqual({
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: "there is no such note",
      note: 9,
    });
    expect(client.unseen()).toEqual([
      "GET /notes 400",
      "POST /notes 400",
      "POST /notes 401",
      "POST /notes 403",
      "POST /notes 415",
      "DELETE /notes/{id} 204",
      "GET /internal 200",
    ]);
    await expect(client.fetch("/nothing")).rejects.toThrow("GET /nothing is not in the contract");
  });

  test.each([
    ["/notes?limit=0", undefined, 400, [{ at: "/query/limit", is: "must be >= 1" }]],
    ["/notes?limit=many", undefined, 400, [{ at: "/query/limit", is: "must be integer" }]],
    ["/notes", json({ text: "" }, "ana|notes:write"), 400, [{ at: "/body/text", is: "must NOT have fewer than 1 characters" }]],
    [
      "/notes",
      json({ text: "a", canary: 1 }, "ana|notes:write"),
      400,
      [{ at: "/body", is: "must NOT have additional properties: canary" }],
    ],
    [
      "/notes",
      { method: "POST", headers: { authorization: "ana|notes:write", "content-type": "application/json" }, body: "{" },
      400,
      undefined,
    ],
    ["/notes", { method: "POST", headers: { authorization: "ana|notes:write" }, body: "text" }, 415, undefined],
    ["/notes", { method: "PATCH" }, 405, undefined],
    ["/elsewhere", undefined, 404, undefined],
  ] as const)("%s: what is asked wrongly is told: %#", async (path, init, status, errors) => {
    const app = await notesApp({ addNote: () => Promise.reject(new Error("it must not come here")) });
    const response = await app.fetch(new Request(`http://app${path}`, init as RequestInit));
    expect(response.status).toBe(status);
    expect(((await response.json()) as { errors?: unknown }).errors).toEqual(errors);
    if (status === 405) expect(response.headers.get("allow")).toBe("GET, POST");
  });

  test("lets in whom the document lets in", async () => {
    const { fetch } = await notesApp();
    const status = async (path: string, init?: RequestInit): Promise<number> =>
      (await fetch(new Request(`http://app${path}`, init))).status;
    expect(await status("/notes", json({ text: "a" }))).toBe(401);
    const forbidden = await fetch(new Request("http://app/notes", json({ text: "a" }, "ana|notes:read")));
    expect(forbidden.status).toBe(403);
    expect(forbidden.headers.get("www-authenticate")).toBe('Bearer error="insufficient_scope", scope="notes:write"');
    expect(await status("/notes/1", { method: "DELETE", headers: { authorization: "ana" } })).toBe(403);
    expect(await status("/notes/1", { method: "DELETE", headers: { authorization: "ana||editor" } })).toBe(204);
    const xfcc = (uri: string): RequestInit => ({
      headers: { "x-forwarded-client-cert": `By=spiffe://cluster/ns/shop/sa/api;Hash=ab;URI=${uri}` },
    });
    expect(await status("/internal")).toBe(401);
    expect(await status("/internal", xfcc("spiffe://cluster/ns/other/sa/web"))).toBe(403);
    expect(await status("/internal", xfcc("spiffe://cluster/ns/shop/sa/web"))).toBe(200);
  });

  test("does not send an answer that it does not have, or tells of it where that is asked", async () => {
    const wrong = { listNotes: () => ({ status: 200, body: [{ id: "canary" }] }) } as unknown as Partial<Handlers<operations>>;
    const refused = await (await notesApp(wrong)).fetch(new Request("http://app/notes"));
    expect(refused.status).toBe(500);
    expect(await refused.text()).not.toContain("canary");
    expect((await (await notesApp(wrong, "log")).fetch(new Request("http://app/notes"))).status).toBe(200);
    const undeclared = { listNotes: () => ({ status: 418, body: "tea" }) } as unknown as Partial<Handlers<operations>>;
    expect((await (await notesApp(undeclared)).fetch(new Request("http://app/notes"))).status).toBe(500);
  });

  test("tells nothing of what went wrong inside", async () => {
    const { fetch } = await notesApp({ listNotes: () => Promise.reject(new Error("canary in the cause")) });
    const response = await fetch(new Request("http://app/notes"));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("canary");
  });

  test("is served as a document and as a page", async () => {
    const { fetch, document } = await notesApp();
    expect(((await (await fetch(new Request("http://app/openapi.json"))).json()) as OpenApiDocument).info).toEqual(document.info);
    const page = await (await fetch(new Request("http://app/docs"))).text();
    for (const text of ["Notes", "addNote", "/notes/{id}", "oidc notes:write", "text: string (minLength 1)", "tag?: string | null"])
      expect(page).toContain(text);
    expect(page).not.toMatch(/<script|src=|https?:\/\//);
  });

  test("that is none is refused with its name", async () => {
    const broken = { openapi: "3.1.0", info: { title: "a", version: "1" }, paths: { "/a": { get: { responses: {} } } } };
    await expect(contract(broken, {})).rejects.toMatchObject({ code: "contract-invalid", why: "operations have no operationId: GET /a" });
    await expect(contract(file, {})).rejects.toMatchObject({ why: "no handler: listNotes, addNote, getNote, deleteNote, internal" });
    await expect(contract("/nowhere/openapi.yaml", {})).rejects.toMatchObject({ code: "contract-invalid" });
    await expect(contract({ swagger: "2.0" } as never, {})).rejects.toMatchObject({ code: "contract-invalid" });
  });
});
