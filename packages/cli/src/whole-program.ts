import type { Command } from "commander";
import { commands } from "./commands.ts";
import { emptyProgram } from "./main.ts";

/** The program with all its commands, for what is made from them: completion scripts and the reference. */
export async function wholeProgram(): Promise<Command> {
  const program = await emptyProgram();
  for (const entry of commands) {
    program.commandsGroup(`${entry.group}:`);
    (await entry.load()).register(program);
  }
  return program;
}
