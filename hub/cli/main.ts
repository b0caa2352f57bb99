/** The `interactor` command: runs what the command line says, and ends with the code it deserves. */
import { type Command, CommanderError } from "commander";
import { Fault } from "@interactor/shared/kernel/fault";
import { commandLine } from "./command-line.ts";
import { type ExitCode, exitCode, exitCodeOf } from "./exit.ts";

// A command that ends well may have set a code of its own.
process.exitCode = (await main(process.argv)) ?? process.exitCode;

async function main(argv: readonly string[]): Promise<ExitCode | undefined> {
  forgetEmptyVariables();
  const program = commandLine();
  try {
    await program.parseAsync([...argv]);
    return undefined;
  } catch (error) {
    return ended(error, nameOf(program, argv));
  }
}

/** `INTERACTOR_DATA= npm start` says nothing about the folder. */
function forgetEmptyVariables(): void {
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith("INTERACTOR_") && value === "") Reflect.deleteProperty(process.env, name);
  }
}

/** The exit code for what ended the command, after one line that says why. */
async function ended(error: unknown, name: string): Promise<ExitCode> {
  if (error instanceof CommanderError) {
    // Help and version are what was asked for; help because nothing was asked for is not.
    const isAnswer = error.code === "commander.helpDisplayed" || error.code === "commander.version";
    return isAnswer ? exitCode.ok : exitCode.usage;
  }
  if (!(error instanceof Fault)) {
    // A bug of ours. Thrown on, Node would print the line of the bundle it happened in, which has no end.
    process.stderr.write(`${name}: ${error instanceof Error ? error.stack : String(error)}\n`);
    return exitCode.failed;
  }
  // Much of it may be words from elsewhere; commands that end well do not wait for what makes them harmless.
  const { printable } = await import("./output.ts");
  const words = error.message.split("\n").map(printable).join("\n");
  if (exitCodeOf(error) !== exitCode.interrupted) process.stderr.write(`${name}: ${words}\n`);
  return exitCodeOf(error);
}

function nameOf(program: Command, argv: readonly string[]): string {
  const subcommand = program.commands.find((each) => each.name() === argv[2]);
  return subcommand === undefined ? program.name() : `${program.name()} ${subcommand.name()}`;
}
