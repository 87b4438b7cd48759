import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { CertificateFiles } from "@douze/core";

/** Makes a certificate that signs itself, with OpenSSL's own program. @param names - such as `DNS:shop.example` and `IP:127.0.0.1` */
export function makeCertificate(folder: string, name: string, names: readonly string[], days = 2): CertificateFiles {
  const [cert, key] = [join(folder, `${name}.cert.pem`), join(folder, `${name}.key.pem`)];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${names.join(",")}`];
  const keys = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync("openssl", ["req", "-x509", ...keys, "-days", String(days), ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { cert, key };
}
