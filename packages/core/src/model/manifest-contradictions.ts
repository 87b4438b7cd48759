import type { ProcessType } from "./ids.ts";
import type { Flaw } from "./issues.ts";
import type { ConfigDeclaration, Manifest } from "./manifest.ts";
import type { WrittenManifest } from "./manifest-schema.ts";
import { durationText } from "./units.ts";
import { typeFlaw } from "./value.ts";
import { isReserved } from "./variable.ts";
import type { YamlText } from "./yaml-text.ts";

/** What a schema cannot say: parts of a manifest that do not go together, or with what the platform does itself. */
export function contradictions(manifest: Manifest, written: WrittenManifest, yaml: YamlText): readonly Flaw[] {
  return [...ofProcesses(manifest, yaml), ...ofResources(manifest, yaml), ...ofConfig(manifest, written, yaml)];
}

function* ofProcesses({ processes }: Manifest, yaml: YamlText): Iterable<Flaw> {
  for (const [type, { settleMs, bootMs, routed, health }] of Object.entries(processes)) {
    const text = reservedType(type);
    if (text) yield { place: yaml.keyPlace(["processes", type]), text: `\`processes.${type}\`: ${text}` };
    if (!routed && !health && settleMs >= bootMs)
      yield {
        place: yaml.keyPlace(["processes", type, "settle"]),
        text: `\`processes.${type}.settle\`: expected less than \`boot\` (${durationText(bootMs)}): it would never be ready in time`,
      };
    yield* ofAutoscale(type, processes, yaml);
  }
}

function* ofAutoscale(type: string, processes: Manifest["processes"], yaml: YamlText): Iterable<Flaw> {
  const declared = processes[type as ProcessType]?.autoscale;
  if (!declared) return;
  const { min, max, cpuPercent, metric } = declared;
  const path = ["processes", type, "autoscale"];
  const at = `\`processes.${type}.autoscale`;
  if (min > max) yield { place: yaml.keyPlace([...path, "max"]), text: `${at}.max\`: expected at least \`min\` (${min})` };
  if (cpuPercent === undefined && !metric)
    yield { place: yaml.keyPlace(path), text: `${at}\`: expected \`cpu:\`, such as \`cpu: 70\`, or \`metric:\`` };
  if (metric && !processes[metric.process]?.routed) {
    const known = Object.entries(processes).flatMap(([name, { routed }]) => (routed ? [name] : []));
    const text = `${at}.metric.process\`: expected a process type that has a port: ${known.join(", ") || "there is none"}`;
    yield { place: yaml.keyPlace([...path, "metric", "process"]), text };
  }
}

/** Names of process types that mean something else already: in logs, where one-offs stand beside processes, or in the file. */
export function reservedType(type: string): string | undefined {
  if (type === "release") return "the release task stands beside `processes:`, as `release:`";
  return type === "run" || type === "douze" ? "the name means something else in logs: choose another one" : undefined;
}

function* ofResources({ resources, config }: Manifest, yaml: YamlText): Iterable<Flaw> {
  const first = new Map<string, string>();
  for (const [name, { as }] of Object.entries(resources)) {
    const place = yaml.keyPlace(["resources", name]);
    const other = first.get(as);
    first.set(as, other ?? name);
    if (Object.hasOwn(config, as))
      yield { place, text: `\`resources.${name}\` and \`config.${as}\` both set ${as}: rename one, for instance with \`as:\`` };
    if (isReserved(as)) yield { place, text: `\`resources.${name}\`: the platform sets ${as} itself: choose another name` };
    if (other) yield { place, text: `\`resources.${name}\` and \`resources.${other}\` both set ${as}: give one of them \`as:\`` };
  }
}

function* ofConfig({ config }: Manifest, written: WrittenManifest, yaml: YamlText): Iterable<Flaw> {
  for (const [key, declared] of Object.entries(config)) {
    const path = ["config", key];
    const place = yaml.keyPlace(path);
    for (const text of ofDeclaration(key, declared)) yield { place, text: `\`config.${key}\`${text}` };
    const flaw = declared.default === undefined ? undefined : typeFlaw(declared, declared.default);
    const nested = typeof written.config?.[key] === "object";
    if (flaw) yield { place: yaml.place(nested ? [...path, "default"] : path), text: `\`config.${key}\`: its default should be ${flaw}` };
  }
}

function* ofDeclaration(key: string, { type, values, live, secret, generate, default: value }: ConfigDeclaration): Iterable<string> {
  if (isReserved(key)) yield `: the platform sets ${key} itself: choose another name`;
  if (live && secret) yield " is live and secret: live keys lie in files, so leave one of the two out";
  if (type === "enum" && !values) yield ": `type: enum` needs `values:`, such as `values: [free, paid]`";
  if (type !== "enum" && values) yield `: \`values:\` goes with \`type: enum\`, not with \`type: ${type}\``;
  if (generate && value !== undefined) yield ": a secret that is generated needs no `default:`: leave one of the two out";
}
