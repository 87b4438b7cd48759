import { expect, test } from "vitest";
import { namesVariable } from "../../src/factors/03-config/names-variable.ts";

test.for([
  ["DATABASE_URL is not set", "DATABASE_URL", true],
  // Libraries of settings name their own field.
  ["database_url\n  Field required [type=missing]", "DATABASE_URL", true],
  ['"databaseUrl" is required', "DATABASE_URL", true],
  ["Could not resolve placeholder 'database.url'", "DATABASE_URL", true],
  ["KeyError: 'SECRET_KEY'", "SECRET_KEY", true],
  ["could not import it, transport failed", "PORT", false],
  ["TEST_DATABASE_URL2 is not set", "DATABASE_URL", false],
  ["the database cannot be reached at this url", "DATABASE_URL", false],
] as const)("%s: %s", ([text, variable, expected]) => {
  expect(namesVariable(text, variable)).toBe(expected);
});
