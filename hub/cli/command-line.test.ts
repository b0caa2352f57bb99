import type { Command } from "commander";
import { expect, test } from "vitest";
import { commandLine } from "./command-line.ts";

interface Leaf {
  readonly name: string;
  readonly command: Command;
}

/** Every subcommand that does something. */
const leavesOf = (command: Command, name: string): readonly Leaf[] =>
  command.commands.length === 0
    ? [{ name, command }]
    : command.commands.flatMap((each) => leavesOf(each, `${name} ${each.name()}`));

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

test("every subcommand has help that says what it does, with an example of its own", () => {
  const leaves = leavesOf(commandLine(), "interactor");

  const without = leaves.filter(({ name, command }) => {
    const help = helpOf(command);
    const example = help.split("\nExample:\n")[1] ?? "";
    return command.description() === "" || !example.includes(name);
  });

  expect(without.map(({ name }) => name)).toEqual([]);
  expect(leaves.length).toBeGreaterThan(30);
});

test("no subcommand goes by two names, and none has an option without words", () => {
  const leaves = leavesOf(commandLine(), "interactor");

  const names = leaves.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { command } of leaves)
    for (const option of command.options) expect(option.description).not.toBe("");
});
