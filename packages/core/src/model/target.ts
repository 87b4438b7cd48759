import * as z from "zod";
import type { Target } from "./inventory.ts";
import { kubernetesTargetOf, kubernetesTargetShape, type WrittenKubernetesTarget } from "./kubernetes-target.ts";
import { tlsOf, tlsShape, type WrittenTls } from "./tls.ts";

const host = z
  .string({ error: "a host name" })
  .regex(/^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i, { error: "a host name, such as shop.example.org or *.example.org" });

const localTargetShape: z.ZodObject = z.strictObject(
  {
    kind: z.literal("local").optional().meta({ description: "This machine. The default" }),
    port: z
      .int({ error: "a port" })
      .min(0, { error: "a port from 0" })
      .max(65_535, { error: "a port up to 65535" })
      .optional()
      .meta({ description: "Public port. Default 5000, or the one that was handed over; 0 takes a free one" }),
    hosts: z
      .array(host, { error: "a list of host names" })
      .optional()
      .meta({ description: "Routed to this app. Default <app>.localhost, and all others when it is the only app" }),
    tls: tlsShape.optional(),
  },
  { error: "keys such as `port:`" },
);

/** `target:` of an inventory, as it is written. */
export const targetShape: z.ZodType = z.discriminatedUnion(
  "kind",
  [
    localTargetShape as z.ZodObject<{ kind: z.ZodOptional<z.ZodLiteral<"local">> }>,
    kubernetesTargetShape as z.ZodObject<{ kind: z.ZodLiteral<"kubernetes"> }>,
  ],
  { error: (issue) => (isTable(issue.input) ? "`local` or `kubernetes`" : "keys such as `port:`") },
);

export type WrittenTarget =
  | { readonly kind?: "local"; readonly port?: number; readonly hosts?: readonly string[]; readonly tls?: WrittenTls }
  | WrittenKubernetesTarget;

/** What is wrong with a target, and at which of its keys. */
export interface TargetFlaw {
  readonly key?: string;
  readonly text: string;
}

/** What is declared; or what is wrong with it. */
export function targetOf(written: WrittenTarget): Target | TargetFlaw {
  if (written.kind === "kubernetes") {
    const target = kubernetesTargetOf(written);
    return typeof target === "string" ? { text: target } : target;
  }
  const { hosts = [], port, tls: writtenTls } = written;
  const tls = writtenTls && tlsOf(writtenTls, hosts, port);
  if (typeof tls === "string") return { key: "tls", text: tls };
  return { kind: "local", hosts, ...(port !== undefined && { port }), ...(tls && { tls }) };
}

/** The keys that a target of a kind knows, below one of its keys where it is named. */
export function targetKeys(kind: unknown, key: PropertyKey | undefined): readonly string[] {
  const shape = (kind === "kubernetes" ? kubernetesTargetShape : localTargetShape).shape;
  if (key === undefined) return Object.keys(shape);
  const below = unwrapped(shape[String(key)]);
  return below instanceof z.ZodObject ? Object.keys(below.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrapped(schema.unwrap()) : schema;
}

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
