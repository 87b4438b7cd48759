import { expect, test } from "vitest";
import { runtimePinned } from "../../src/factors/02-dependencies/runtime-pinned.ts";
import type { Ruling } from "../../src/model/verdict.ts";
import { labOf } from "../support/codebase.ts";

async function ruling(files: Readonly<Record<string, string>>): Promise<Ruling> {
  return runtimePinned.judge(await runtimePinned.observe(labOf(files)));
}

const property = (name: string, version: string): string => `<project><properties><${name}>${version}</${name}></properties></project>`;
const gradle = (line: string): string => `plugins { id 'java' }\n${line}\n`;

test.for([
  ["the level of Maven's compiler", { "pom.xml": property("maven.compiler.source", "17") }],
  ["its release", { "pom.xml": property("maven.compiler.release", "21") }],
  ["Spring's name for it", { "pom.xml": property("java.version", "17") }],
  ["the compiler's own settings", { "pom.xml": "<configuration>\n  <source>17</source>\n  <target>17</target>\n</configuration>" }],
  ["Gradle's level", { "build.gradle": gradle("sourceCompatibility = '17'") }],
  ["Gradle's level by its constant", { "build.gradle": gradle("java { sourceCompatibility = JavaVersion.VERSION_17 }") }],
  ["Gradle's toolchain", { "build.gradle.kts": gradle("java { toolchain { languageVersion.set(JavaLanguageVersion.of(21)) } }") }],
  // A newer runtime runs what was made for an older one.
  ["a level below the runtime's", { "pom.xml": property("maven.compiler.release", "17"), Dockerfile: "FROM eclipse-temurin:21-jre\n" }],
  ["both names of Java 8", { ".java-version": "1.8", "system.properties": "java.runtime.version=8\n", "pom.xml": "<project/>" }],
  ["a range", { "package.json": '{ "engines": { "node": ">=20" } }', ".nvmrc": "22\n" }],
] as const)("declared: %s", async ([, files]) => {
  expect(await ruling(files)).toMatchObject({ verdict: "pass" });
});

test.for([
  ["nothing, and where Java's is declared", { "pom.xml": "<project><source>src/main</source></project>" }, /maven.compiler.release/],
  ["nothing, and where Node's is declared", { "package.json": "{}" }, /`engines` in package.json/],
  ["two that cannot both be true", { ".java-version": "17", "system.properties": "java.runtime.version=21\n", "pom.xml": "" }, /the same/],
] as const)("not declared: %s", async ([, files, fix]) => {
  expect(await ruling(files)).toMatchObject({ verdict: "fail", findings: [{ fix: { text: expect.stringMatching(fix) } }] });
});
