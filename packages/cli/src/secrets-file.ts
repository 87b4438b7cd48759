import { homedir } from "node:os";
import { relative } from "node:path";
import { Problem } from "@douze/core";
import { inventoryFile } from "@douze/engine";
import * as secrets from "@douze/secrets";
import type { Context } from "./context.ts";
import { edited } from "./editor.ts";

/** What `douze secrets` does; which file, which keys, and what is said of it. */
interface Desk {
  readonly file: string;
  readonly shown: string;
  readonly identities: readonly secrets.Identity[];
}

export async function listSecrets(context: Context): Promise<void> {
  const { paper, json } = context;
  const { file } = await deskOf(context);
  const { names, recipients } = await secrets.listSecrets(file);
  if (json) return paper.json({ names, recipients });
  if (names.length === 0) paper.aside("there are no secrets: `douze secrets set KEY=value`");
  for (const name of names) paper.line(name);
}

export async function initSecrets(context: Context): Promise<void> {
  const { paper, env } = context;
  const { file, shown, identities } = await deskOf(context);
  const own = identities[0] ?? (await secrets.initIdentity(env, env["HOME"] ?? homedir()));
  if (identities.length === 0) paper.line(`made an age key in ${own.from}: keep a copy of it in a safe place`);
  const made = await secrets.initFile(file, [own.recipient]);
  paper.line(made ? `${shown} can hold secrets now, for ${own.recipient}` : `${shown} holds secrets already`);
  if (!made)
    paper.line(`your recipient is ${own.recipient}; who can read the file lets you in: \`douze secrets rotate --add <recipient>\``);
}

export async function changeSecrets(context: Context, change: secrets.SecretsChange): Promise<void> {
  const { file, shown, identities } = await deskOf(context);
  if (Object.keys(change.set ?? {}).length === 0 && (change.unset ?? []).length === 0) {
    throw new Problem({
      code: "assignment-invalid",
      what: "nothing is set",
      why: "no KEY=value was given",
      fix: "for example `douze secrets set API_KEY=…`",
    });
  }
  const changed = await secrets.changeFile(file, identities, change);
  context.paper.aside(changed ? `${shown} is changed; the next release has it: \`douze deploy\`` : "nothing has changed");
}

export async function editSecrets(context: Context): Promise<void> {
  const { file, shown, identities } = await deskOf(context);
  const changed = await secrets.editFile(file, identities, async (clear, problem) => {
    if (problem) context.paper.aside(`${problem.what}: ${problem.why}`);
    const text = await edited(clear, "secrets.yaml", context.env);
    // The same text after a problem gives up, so that nobody is held in the editor.
    return problem && text === clear ? undefined : text;
  });
  context.paper.aside(changed ? `${shown} is changed; the next release has it: \`douze deploy\`` : "nothing has changed");
}

export async function rotateSecrets(context: Context, change: secrets.RecipientsChange): Promise<void> {
  const { file, shown, identities } = await deskOf(context);
  const recipients = await secrets.rotateFile(file, identities, change);
  context.paper.line(`${shown} is encrypted anew, for:`);
  for (const recipient of recipients) context.paper.line(`  ${recipient}`);
  if ((change.remove ?? []).length > 0)
    context.paper.aside("who was removed may have kept what they could read: change those secrets where they are issued, too");
}

async function deskOf({ place, env, paper }: Context): Promise<Desk> {
  const { directory, environment } = await place();
  const identities = await secrets.findIdentities(env, env["HOME"] ?? homedir());
  for (const { warning } of identities) if (warning !== undefined) paper.aside(`warning: ${warning}`);
  const file = inventoryFile(directory, environment);
  return { file, shown: relative(process.cwd(), file), identities };
}
