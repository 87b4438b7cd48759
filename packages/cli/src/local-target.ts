import { type Inventory, type LocalTarget, Problem } from "@douze/core";

/**
 * What an inventory says of this machine.
 *
 * @throws Problem target-elsewhere - the environment runs in a cluster
 */
export function localTarget({ environment, target }: Inventory): LocalTarget {
  if (target.kind === "local") return target;
  throw new Problem({
    code: "target-elsewhere",
    what: `${environment} does not run on this machine`,
    why: `inventory/${environment}.yaml says \`kind: kubernetes\``,
    fix: `\`douze deploy --env ${environment}\` releases it there; to run it here, name an environment whose target is this machine`,
  });
}
