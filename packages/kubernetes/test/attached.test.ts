import type { IService } from "kubernetes-models/v1/Service";
import { expect, test } from "vitest";
import { type AttachedService, attachedService, findingOf } from "../src/plan/attached.ts";

const named = (url: string): AttachedService | undefined => attachedService(url, "postgres", "shop-production");

test.each([
  ["postgres://u:p@db/shop", { name: "db", namespace: "shop-production", port: 5432, sure: true }],
  ["postgres://u:p@DB:5433/shop", { name: "db", namespace: "shop-production", port: 5433, sure: true }],
  ["postgres://u:p@db.data.svc/shop", { name: "db", namespace: "data", port: 5432, sure: true }],
  ["redis://cache.data.svc.cluster.local:6380", { name: "cache", namespace: "data", port: 6380, sure: true }],
  // It may as well be a name of the world's.
  ["postgres://u:p@db.data/shop", { name: "db", namespace: "data", port: 5432, sure: false }],
])("%s names a Service", (url, service) => {
  expect(named(url)).toEqual(service);
});

test.each([
  "postgres://u:p@db.example.org/shop",
  "postgres://u:p@10.0.0.7/shop",
  "postgres://u:p@[::1]/shop",
  "postgres://localhost/shop",
  "external://shop/database?version=7",
  "mongodb://a,b,c/shop",
])("%s names none", (url) => {
  expect(named(url)).toBeUndefined();
});

const service = (spec: NonNullable<IService["spec"]>): IService => ({ apiVersion: "v1", kind: "Service", spec });
const slices = (...ready: boolean[]) => [
  {
    apiVersion: "discovery.k8s.io/v1" as const,
    kind: "EndpointSlice" as const,
    addressType: "IPv4" as const,
    endpoints: ready.map((each) => ({ addresses: ["10.0.0.1"], conditions: { ready: each } })),
  },
];
const db: AttachedService = { name: "db", namespace: "data", port: 5432, sure: true };
const usual = service({ clusterIP: "10.96.0.9", ports: [{ port: 5432 }] });

test("a Service can answer when it has the port, and something ready behind it", () => {
  expect(findingOf(db, usual, slices(false, true))).toMatchObject({ there: true });
  expect(findingOf(db, usual, slices(false))).toEqual({
    there: false,
    detail: "the Service db in data has nothing behind it that is ready",
  });
  expect(findingOf({ ...db, port: 5433 }, usual, slices(true))).toEqual({
    there: false,
    detail: "the Service db in data has no port 5433: it has 5432",
  });
  expect(findingOf(db, undefined, undefined)).toEqual({ there: false, detail: "there is no Service db in data" });
});

test("where the objects do not tell, nothing is said", () => {
  expect(findingOf({ ...db, sure: false }, undefined, undefined)).toBeUndefined();
  expect(findingOf(db, usual, undefined)).toBeUndefined();
  expect(findingOf(db, service({ type: "ExternalName", externalName: "db.example.org" }), [])).toBeUndefined();
  // A headless one has the ports of its pods.
  expect(findingOf({ ...db, port: 9 }, service({ clusterIP: "None", ports: [] }), slices(true))).toMatchObject({ there: true });
});
