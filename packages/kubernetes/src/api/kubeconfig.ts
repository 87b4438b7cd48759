import type { RequestOptions } from "node:https";
import { Problem } from "@douze/core";
import type { Access } from "./cluster.ts";

/** @see https://github.com/kubernetes/kubernetes/tree/master/staging/src/k8s.io/apimachinery/pkg/util/remotecommand */
const stdinChannel = 0;

/**
 * Access as kubectl has it: `KUBECONFIG`, `~/.kube/config`, or the service account of the pod that this runs in.
 *
 * @param context - of the kubeconfig; default its current one
 * @throws Problem cluster-unknown - there is no such context, or no kubeconfig
 */
export async function kubeconfigAccess(context: string | undefined): Promise<Access> {
  // Not above: it takes longer to load than most commands take.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (cause) {
    throw unknown("the kubeconfig cannot be read", (cause as Error).message, cause);
  }
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw unknown(`there is no context \`${context}\``, `the kubeconfig has: ${names.join(", ") || "none"}`);
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (!cluster?.server || cluster.server === "http://localhost:8080") {
    throw unknown("it is not known which cluster is meant", "there is no kubeconfig with a current context, and this is no pod");
  }
  return {
    server: cluster.server,
    authorize: async (options: RequestOptions) => {
      const { agent } = options;
      await config.applyToHTTPSOptions(options);
      // Its own agent keeps no connection; what proves who asks is in the options too. A proxy's is needed.
      if (cluster.proxyUrl === undefined) options.agent = agent;
    },
    attach: async ({ namespace, pod, container }, input, output) => {
      const { Attach } = await import("@kubernetes/client-node");
      const connection = await new Attach(config).attach(namespace, pod, container, output, null, input, true);
      const closed = Promise.withResolvers<void>();
      connection.on("close", () => closed.resolve());
      connection.on("error", (error: Error) => closed.reject(error));
      // The program waits for a line, since what it wrote before would not be seen.
      connection.send(Buffer.concat([Buffer.from([stdinChannel]), Buffer.from("\n")]));
      await closed.promise;
    },
  };
}

function unknown(what: string, why: string, cause?: unknown): Problem {
  return new Problem({
    code: "cluster-unknown",
    what,
    why,
    fix: "set `KUBECONFIG` or `target.context` in the inventory; `kubectl config get-contexts` lists what there is",
    ...(cause !== undefined && { cause }),
  });
}
