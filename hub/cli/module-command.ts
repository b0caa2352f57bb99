/** `interactor module …`: for who writes a module. */
import { type Command, Option } from "commander";
import { nameArgument } from "./arguments.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";
import { templateNames } from "./module-templates.ts";
import { addProfile } from "./profile-command.ts";
import { addRegistry } from "./registry-command.ts";

export function addModule(program: Command): void {
  const module = program
    .command("module")
    .description("write a module of your own, sign and publish it, look others up");
  addCreate(module);
  addBuild(module);
  addTest(module);
  addLint(module);
  addDev(module);
  addSchema(module);
  addReference(module);
  addProfile(module);
  addRegistry(module);
}

function addCreate(module: Command): void {
  module
    .command("create")
    .description("make a folder with a module that runs, to be changed")
    .argument("<name>", "what it is called", nameArgument)
    .addOption(new Option("--template <kind>", "what it begins as").choices(templateNames).default("sensor"))
    .option("--into <folder>", "the folder to make (default: the name)")
    .option("--json", "for programs")
    .addHelpText(
      "after",
      `${example("interactor module create blink --template actuator")}
sensor gives values, actuator does something with them, logic decides. Nothing has to be installed for it.`,
    )
    .action(async (name, options) => (await import("./module-create.ts")).runModuleCreate(name, options));
}

const inFolder = (command: Command): Command =>
  command.argument("[folder]", "with its package.json", ".").option("--json", "for programs");

function addBuild(module: Command): void {
  inFolder(module.command("build"))
    .description("make one file of a module and of all that it needs, in dist")
    .addHelpText(
      "after",
      `${example("interactor module build")}
From the same sources come the same bytes, whoever builds them and wherever.`,
    )
    .action(async (folder, options) => (await import("./module-build.ts")).runModuleBuild(folder, options));
}

function addTest(module: Command): void {
  inFolder(module.command("test"))
    .description("try what every module has to keep: its ports, its settings, its end, a restart")
    .option("--no-color", "no colours")
    .addHelpText(
      "after",
      `${example("interactor module test", "interactor module test --json | jq '.tried[].problems'")}
The settings it is tried with are interactor.example in package.json.`,
    )
    .action(async (folder, options) => (await import("./module-test.ts")).runModuleTest(folder, options));
}

function addLint(module: Command): void {
  inFolder(module.command("lint"))
    .description("say what a hub would have against a module: manifest, imports, size")
    .addHelpText("after", example("interactor module lint"))
    .action(async (folder, options) => (await import("./module-lint.ts")).runModuleLint(folder, options));
}

function addDev(module: Command): void {
  module
    .command("dev")
    .description(
      "run a module anew each time it is saved, on an agent here or on a node, and show what it logs",
    )
    .argument("[folder]", "with its package.json", ".")
    .option(
      "--hub <url>",
      "the hub's broker (default: of a hub on this machine); with --onto the hub's address",
    )
    .addOption(
      new Option("--onto <node>", "a node of the site: published --dev, and applied").argParser(nameArgument),
    )
    .option("--data <folder>", "the data folder of a hub on this machine, to find it")
    .addOption(new Option("--node <name>", "the node it fills").argParser(nameArgument).default("dev"))
    .addHelpText(
      "after",
      `${example("interactor module dev --node dev", "interactor module dev --onto demo")}
It runs in a sandbox. On an agent here its settings are interactor.example in package.json; on a node those of the site
file (\`interactor module run --set\`), and each save makes a revision; what the module logs there comes here as it does.
Ctrl-C ends it; what came to a node goes on there, and \`interactor log\` reads on.`,
    )
    .action(async (folder, options) => {
      const { runModuleDev } = await import("./module-dev.ts");
      await untilInterrupted((signal) => runModuleDev(folder, options, signal));
    });
}

function addReference(module: Command): void {
  module
    .command("reference")
    .description("what a module can use of the SDK: all of it, or one thing")
    .argument("[name]", "such as ModuleContext")
    .addHelpText(
      "after",
      example("interactor module reference ModuleContext", "interactor module reference | less"),
    )
    .action(async (name) => (await import("./module-reference.ts")).runModuleReference(name));
}

function addSchema(module: Command): void {
  module
    .command("schema")
    .description("print the JSON Schema of the interactor block in package.json, for editors")
    .addHelpText("after", example("interactor module schema > interactor-block.schema.json"))
    .action(async () => {
      const { moduleBlockJsonSchema } = await import("@interactor/shared/bundle/module-block");
      process.stdout.write(`${JSON.stringify(moduleBlockJsonSchema(), undefined, 2)}\n`);
    });
}
