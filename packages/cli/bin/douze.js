#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(`douze needs Node 24.12 or newer, and this is ${process.versions.node}.`);
  console.error("Install it from https://nodejs.org, or with your version tool: `nvm install 24`, `mise use node@24`.");
  process.exit(1);
}
const { main } = await import("../dist/main.js");
await main(process.argv.slice(2));
