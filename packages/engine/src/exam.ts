export { type Bench, type DriverCase, type Fixture, type FixtureProcess, secretValue, type Visit } from "./driver-bench.ts";
export { driverCases } from "./driver-cases.ts";
