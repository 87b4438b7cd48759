export type { Bench, Fixture, FixtureProcess, Visit } from "./driver-bench.ts";
export { type DriverCase, driverCases } from "./driver-cases.ts";
