/** `interactor module …`: modules that somebody writes. */
import type { Command } from "commander";
import { addRegistry } from "./registry-command.ts";

export function addModule(program: Command): void {
  const module = program.command("module").description("modules: from a bundle to a hub and its nodes");
  addRegistry(module);
}
