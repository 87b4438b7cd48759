import { expect, test } from "vitest";
import { driftOf, ownersIn } from "../src/plan/drift.ts";

const object = (rest: object, kind = "Deployment") => ({ apiVersion: "apps/v1", kind, metadata: { name: "shop-web" }, ...rest });
const none = new Map<string, string>();

test("what the cluster keeps by itself is no drift", () => {
  const live = {
    ...object({ spec: { replicas: 2 }, status: { replicas: 1 } }),
    metadata: { name: "shop-web", resourceVersion: "7", managedFields: [1] },
  };
  expect(driftOf("Deployment shop-web", live, object({ spec: { replicas: 2 } }), none)).toEqual([]);
});

test("a field that differs, is missing or is there too is told, with who has it", () => {
  const live = object({ spec: { replicas: 3, paused: true } });
  const wanted = object({ spec: { replicas: 2, minReadySeconds: 1 } });
  expect(driftOf("Deployment shop-web", live, wanted, new Map([["spec.replicas", "kubectl-edit"]]))).toEqual([
    { object: "Deployment shop-web", field: "spec.minReadySeconds", wanted: "1" },
    { object: "Deployment shop-web", field: "spec.paused", live: "true" },
    { object: "Deployment shop-web", field: "spec.replicas", live: "3", wanted: "2", by: "kubectl-edit" },
  ]);
});

test("an object that is gone is told as a whole, and what is in a Secret is not told at all", () => {
  expect(driftOf("Service shop-web", undefined, object({}), none)).toEqual([{ object: "Service shop-web", field: "" }]);
  const secret = (value: string) => object({ data: { TOKEN: value } }, "Secret");
  expect(driftOf("Secret shop", secret("b3Ro"), secret("b25l"), none)).toEqual([{ object: "Secret shop", field: "data.TOKEN" }]);
});

test("owners are read from what the cluster says against an apply", () => {
  expect(
    ownersIn([
      { field: ".spec.replicas", message: 'conflict with "kubectl-edit" using apps/v1' },
      { field: "x", message: "else" },
    ]),
  ).toEqual(new Map([["spec.replicas", "kubectl-edit"]]));
});
