/** One recipient's copy of the data key, armoured. */
export interface Wrapped {
  readonly recipient: string;
  readonly wrapped: string;
}

/** The list under `age:`, its own key at the given column, in the layout of sops. */
export function renderKeys(keys: readonly Wrapped[], column: number, eol: string): string {
  const indent = " ".repeat(column);
  const lines = keys.flatMap(({ recipient, wrapped }) => [
    `${indent}    - enc: |`,
    ...wrapped
      .trim()
      .split("\n")
      .map((line) => `${indent}        ${line}`),
    `${indent}      recipient: ${recipient}`,
  ]);
  return ["age:", ...lines].join(eol);
}

/**
 * The block that makes a file one of sops: a part is encrypted, and the MAC covers what is encrypted. It does not cover the plain
 * part, which people without the key are to change in any editor; who changes it is told by version control.
 */
export function renderMetadata(keys: readonly Wrapped[], { lastModified, eol, encrypted = "^secrets$", mac = "none" }: Marks): string {
  const lines = [
    "sops:",
    `    ${renderKeys(keys, 4, eol)}`,
    `    encrypted_regex: ${encrypted}`,
    `    lastmodified: "${lastModified}"`,
    `    mac: ${mac}`,
    "    mac_only_encrypted: true",
    `    version: ${sopsVersion}`,
    "",
  ];
  return lines.join(eol);
}

interface Marks {
  readonly lastModified: string;
  readonly eol: string;
  /** Expression for the keys below which values are encrypted. Default those of an inventory. */
  readonly encrypted?: string;
  /** Default one that is to be made. */
  readonly mac?: string;
}

/** The version of sops whose format this is; sops itself refuses a file without. */
const sopsVersion = "3.13.2";

/** Whole seconds of UTC, as sops has them. */
export function moment(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}
