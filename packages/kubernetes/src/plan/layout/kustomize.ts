import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import type { KubernetesObject } from "../object.ts";
import { objectsOf } from "../render.ts";
import { yamlOf } from "../yaml.ts";
import { type Files, filesIn, keptIn, names } from "./files.ts";
import type { LayoutIn } from "./layout.ts";

/**
 * A base with what the app is, and an overlay with what varies: config, the image and the numbers of pods. Names are made of content
 * already, so no generator is needed.
 */
export function kustomize(input: LayoutIn): Files {
  const { rendered, kept } = input;
  const { release, image } = rendered.setting;
  const [repository = "", digest = ""] = image.split("@");
  const overlay = `overlays/${release.environment}/`;
  const varies = ({ kind }: KubernetesObject): boolean => kind === "ConfigMap" || kind === "Secret" || kind === "ExternalSecret";
  const objects = objectsOf(rendered);
  const base = filesIn(
    "base/",
    objects.filter((each) => !varies(each)).map((each) => unset(each, image, repository)),
    input,
  );
  const own = new Map([...keptIn(overlay, kept), ...filesIn(overlay, objects.filter(varies), input)]);
  const replicas = objects.flatMap(({ kind, metadata, spec }) => {
    const count = kind === "Deployment" ? (spec as IDeployment["spec"])?.replicas : undefined;
    return count === undefined ? [] : [{ name: metadata.name, count }];
  });
  const kind = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" };
  return new Map([
    ...base,
    ["base/kustomization.yaml", yamlOf([{ ...kind, resources: names(base) }])],
    ...own,
    [
      `${overlay}kustomization.yaml`,
      yamlOf([
        {
          ...kind,
          resources: ["../../base", ...names(own)],
          images: [{ name: repository, digest }],
          ...(replicas.length > 0 && { replicas }),
        },
      ]),
    ],
  ]);
}

/** Without the image's digest and the number of pods: the overlay has them. */
function unset(object: KubernetesObject, image: string, repository: string): KubernetesObject {
  const plain = JSON.parse(JSON.stringify(object).replaceAll(JSON.stringify(image), JSON.stringify(repository))) as KubernetesObject;
  if (plain.kind !== "Deployment") return plain;
  const { replicas: _, ...spec } = plain["spec"] as NonNullable<IDeployment["spec"]>;
  return { ...plain, spec };
}
