import type { ProcessType } from "@douze/core";
import type { IAuthorizationPolicy } from "@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy";
import type { IPeerAuthentication } from "@kubernetes-models/istio/security.istio.io/v1/PeerAuthentication";
import type { IRequestAuthentication } from "@kubernetes-models/istio/security.istio.io/v1/RequestAuthentication";
import { cronObject, processObject, runAccount, taskObject } from "./names.ts";
import type { KubernetesObject } from "./object.ts";
import { instanceLabel, metaOf, type Setting } from "./setting.ts";

/**
 * Who may ask the app's processes, where a mesh knows who asks: its own processes ask any of them; the gateway and those that are named
 * ask what is routed. A token that is asked for must be there, and not only be sound where there is one.
 */
export function meshPolicies(setting: Setting, routed: readonly ProcessType[]): KubernetesObject[] {
  const { release, target } = setting;
  const { mesh } = target;
  if (!mesh) return [];
  const { app } = release;
  const selector = { matchLabels: { "app.kubernetes.io/part-of": app } };
  return [
    {
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: metaOf(setting, app, "mesh"),
      spec: { mtls: { mode: "STRICT" }, selector },
    } satisfies IPeerAuthentication,
    {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: metaOf(setting, app, "mesh"),
      spec: { action: "ALLOW", rules: [{ from: [{ source: { principals: own(setting) } }] }], selector },
    } satisfies IAuthorizationPolicy,
    ...routed.flatMap((type) => entrance(setting, type)),
  ];
}

/** Where nobody is named, nobody else comes in: a policy without a rule would let in nobody too, and so it is left out. */
function entrance(setting: Setting, type: ProcessType): KubernetesObject[] {
  const { mesh } = setting.target;
  if (!mesh) return [];
  const object = processObject(setting.release.app, type);
  const selector = { matchLabels: { [instanceLabel]: object } };
  const { gateway, callers, jwt } = mesh;
  const rules = [
    ...(gateway === undefined
      ? []
      : [{ from: [{ source: { principals: [gateway], ...(jwt && { requestPrincipals: [`${jwt.issuer}/*`] }) } }] }]),
    ...(callers.length > 0 ? [{ from: [{ source: { principals: [...callers] } }] }] : []),
  ];
  return [
    ...(jwt
      ? [
          {
            apiVersion: "security.istio.io/v1",
            kind: "RequestAuthentication",
            metadata: metaOf(setting, object, type),
            spec: {
              jwtRules: [
                {
                  issuer: jwt.issuer,
                  ...(jwt.jwksUri !== undefined && { jwksUri: jwt.jwksUri }),
                  ...(jwt.audiences.length > 0 && { audiences: [...jwt.audiences] }),
                },
              ],
              selector,
            },
          } satisfies IRequestAuthentication,
        ]
      : []),
    ...(rules.length > 0
      ? [
          {
            apiVersion: "security.istio.io/v1",
            kind: "AuthorizationPolicy",
            metadata: metaOf(setting, object, type),
            spec: { action: "ALLOW", rules, selector },
          } satisfies IAuthorizationPolicy,
        ]
      : []),
  ];
}

/** Each process has an account of its own, by which the mesh knows it. */
function own({ release: { app, manifest }, namespace }: Setting): string[] {
  const accounts = [
    ...(Object.keys(manifest.processes) as ProcessType[]).map((type) => processObject(app, type)),
    ...Object.keys(manifest.cron).map((entry) => cronObject(app, entry)),
    ...(manifest.release ? [taskObject(app)] : []),
    runAccount(app),
  ];
  return accounts.map((name) => `cluster.local/ns/${namespace}/sa/${name}`);
}
