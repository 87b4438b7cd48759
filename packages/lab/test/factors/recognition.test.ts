import { expect, test } from "vitest";
import { readingOf } from "../../src/factors/06-processes/recognition.ts";

const form = (token: string): string => `<form method=post><input type=hidden name=csrf value="${token}"></form>`;
const [one, two, three] = ["q8ZrVn2LkT0wYx5B", "mP3sD9fGhJ7cV1bN", "a-K_4rT6yU8iO0pLzX"];

test.for([
  ["a greeting", { first: "Hello stranger", stranger: "Hello stranger", known: "Hello Ada" }, true],
  ["a count of the visitor's own", { first: "visit 1", stranger: "visit 1", known: "visit 3" }, true],
  // Each answer has a token of its own: it is no sign that a visitor is known, and hides none.
  ["a count beside a token", { first: `1${form(one)}`, stranger: `1${form(two)}`, known: `3${form(three)}` }, true],
  ["a token alone", { first: form(one), stranger: form(two), known: form(three) }, false],
  ["a count of all visits", { first: "visit 1", stranger: "visit 2", known: "visit 4" }, false],
  ["a time, and a name", { first: "10:00 stranger", stranger: "10:01 stranger", known: "10:02 Ada" }, true],
  ["the same for all", { first: "welcome", stranger: "welcome", known: "welcome" }, false],
] as const)("%s", ([, page, expected]) => {
  expect(readingOf(page) !== undefined).toBe(expected);
});
