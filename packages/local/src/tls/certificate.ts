import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";

/** A certificate with its key, ready for handshakes. */
export interface Certificate {
  readonly context: SecureContext;
  readonly cert: string;
  readonly key: string;
  readonly validFrom: number;
  /** Milliseconds since the epoch. */
  readonly validTo: number;
  /** Host names and addresses that it is for, in lower case: `*.example.org` too. */
  readonly names: readonly string[];
  /** Whether it is for a host name. */
  matches(host: string): boolean;
}

/**
 * Reads a certificate with its chain, and its key.
 *
 * @throws Error - one of the two is no PEM, or they do not belong together
 */
export function certificateOf(cert: string, key: string): Certificate {
  const leaf = new X509Certificate(cert);
  const names = (leaf.subjectAltName ?? "").split(", ").flatMap((each) => /^(?:DNS|IP Address):(.+)$/.exec(each)?.[1]?.toLowerCase() ?? []);
  return {
    context: createSecureContext({ cert, key, minVersion: "TLSv1.2" }),
    cert,
    key,
    validFrom: leaf.validFromDate.getTime(),
    validTo: leaf.validToDate.getTime(),
    names,
    matches: (host) => (isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) !== undefined,
  };
}
