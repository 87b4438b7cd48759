import * as z from "zod";
import { duration } from "./quantity.ts";

/** How the public port speaks TLS. */
export interface Tls {
  /** From files, whoever renews them: read anew when they change. */
  readonly certificates: readonly CertificateFiles[];
  /** From a server of RFC 8555, for the target's hosts. */
  readonly acme?: Acme;
  /** A plain port whose requests are sent to this one, with 308. */
  readonly redirectPort?: number;
  /** How long browsers are to come by TLS alone (`Strict-Transport-Security`), in milliseconds. Absent: nothing is said. */
  readonly hstsMs?: number;
}

/** Paths of files in PEM. */
export interface CertificateFiles {
  /** The certificate, and those that lead to an authority. */
  readonly cert: string;
  readonly key: string;
}

export interface Acme {
  /** URL of the server's directory. */
  readonly directory: string;
  /** Whom the authority may write to. */
  readonly email?: string;
  /** File with the certificates that the server itself is trusted by. Default the system's authorities. */
  readonly ca?: string;
}

const file = z.string({ error: "the path of a file" }).regex(/^\//, { error: "an absolute path" });
const files = z.strictObject({ cert: file, key: file }, { error: "keys `cert:` and `key:`" });
const acme = z.strictObject(
  {
    directory: z
      .string({ error: "a URL" })
      .regex(/^https:\/\/\S+$/, { error: "an https:// URL" })
      .meta({ description: "URL of the authority's directory (RFC 8555)" }),
    email: z.string({ error: "an address" }).optional().meta({ description: "Whom the authority may write to" }),
    ca: file.optional().meta({ description: "File of certificates (PEM) to trust the authority's server by" }),
  },
  { error: "a key `directory:`" },
);

/** `target.tls` of an inventory, as it is written. */
export const tlsShape: z.ZodObject = z
  .strictObject(
    {
      certificates: z
        .array(files, { error: "a list of `{ cert: …, key: … }`" })
        .optional()
        .meta({ description: "Files in PEM; read anew when they change" }),
      acme: acme.optional().meta({ description: "Certificates for `hosts:` from an authority; needs `redirect: 80` or what leads there" }),
      redirect: z
        .int({ error: "a port" })
        .min(1, { error: "a port from 1" })
        .max(65_535, { error: "a port up to 65535" })
        .optional()
        .meta({ description: "A plain port whose requests are sent to the TLS one, and which answers an authority's questions" }),
      hsts: duration("How long browsers are to come by TLS alone. Default: not said", 3650 * 86_400_000).optional(),
    },
    { error: "keys such as `certificates:`" },
  )
  .meta({ description: "TLS on the public port. Default none" });

export interface WrittenTls {
  readonly certificates?: readonly CertificateFiles[];
  readonly acme?: Acme;
  readonly redirect?: number;
  readonly hsts?: number;
}

/** What is declared; or, as a text, what is wrong with it. */
export function tlsOf(
  { certificates = [], acme: authority, redirect, hsts }: WrittenTls,
  hosts: readonly string[],
  port: number | undefined,
): Tls | string {
  if (certificates.length === 0 && !authority) return "expected `certificates:` or `acme:`";
  if (authority && redirect === undefined)
    return "`acme:` needs `redirect:`, such as `redirect: 80`: the authority asks there whose name it is";
  if (authority && hosts.length === 0) return "`acme:` needs `hosts:`, for which certificates are asked";
  if (authority && hosts.some((host) => host.startsWith("*")))
    return "`acme:` cannot prove whole domains (`*.`): name each host, or use `certificates:`";
  if (redirect !== undefined && redirect === port) return "`redirect:` is the port that speaks TLS itself: expected another one";
  return {
    certificates,
    ...(authority && { acme: authority }),
    ...(redirect !== undefined && { redirectPort: redirect }),
    ...(hsts !== undefined && { hstsMs: hsts }),
  };
}
