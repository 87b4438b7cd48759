import { type ConfigDeclaration, type ConfigDeclarations, isRequired } from "./declaration.ts";

/** What `--print-config=…` asks for; nothing when it is not asked. */
export function printedConfig(declarations: ConfigDeclarations, argv: readonly string[]): string | undefined {
  const asked = argv.find((word) => word.startsWith("--print-config="))?.slice("--print-config=".length);
  if (asked === "manifest") return configManifest(declarations);
  return asked === "table" ? configTable(declarations) : undefined;
}

/** The `config` section of a `douze.yaml`. JSON is YAML: each declaration is one line of it. */
export function configManifest(declarations: ConfigDeclarations): string {
  const lines = Object.entries(declarations).map(([key, declared]) => `  ${key}: { ${entries(declared).join(", ")} }\n`);
  return `config:\n${lines.join("")}`;
}

function entries({ type = "string", values, default: preset, required, secret, live, description }: ConfigDeclaration): string[] {
  return [
    ...(type === "string" ? [] : [`type: ${type}`]),
    ...(values ? [`values: ${JSON.stringify(values)}`] : []),
    ...(preset === undefined ? [] : [`default: ${JSON.stringify(String(preset))}`]),
    ...(required === undefined && preset !== undefined ? [] : [`required: ${required ?? true}`]),
    ...(secret ? ["secret: true"] : []),
    ...(live ? ["live: true"] : []),
    ...(description === undefined ? [] : [`description: ${JSON.stringify(description)}`]),
  ];
}

/** A reference in Markdown. */
export function configTable(declarations: ConfigDeclarations): string {
  const rows = Object.entries(declarations).map(([key, declared]) => {
    const { type = "string", values, default: preset, secret, live, description = "" } = declared;
    const kind = values ? values.join(" \\| ") : type;
    const notes = [isRequired(declared) && "required", secret && "secret", live && "live"].filter(Boolean).join(", ");
    return `| \`${key}\` | ${kind} | ${preset === undefined ? "" : `\`${preset}\``} | ${notes} | ${description.replaceAll("|", "\\|")} |\n`;
  });
  return `| key | type | default | | |\n|---|---|---|---|---|\n${rows.join("")}`;
}
