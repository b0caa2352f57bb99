/** `interactor config …`: what is done with a site file, by itself; and, by the hub, with revisions of it. */
import { type Command, Option } from "commander";
import { hubArgument } from "./arguments.ts";
import { addHubOptions } from "./common-options.ts";
import { addRevisions } from "./config-revisions-command.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";
import { siteFileMeant } from "./site-files.ts";

export function addConfig(program: Command): void {
  const config = program
    .command("config")
    .description("the site file: begin one, check it, apply it, go back");
  addInit(config);
  addCheck(config);
  addRevisions(config);
  addDiff(config);
  addSet(config);
  addSchema(config);
  addPatch(config);
}

function addCheck(config: Command): void {
  config
    .command("check")
    .description("say everything that is wrong with a site file, and what would be right")
    .argument(
      "[file]",
      "the site's first file (default: site.yaml, here or in the data folder); - is what comes in",
    )
    .addOption(
      new Option(
        "--hub <url>",
        "check it as this hub would, with the modules that were published to it",
      ).argParser(hubArgument),
    )
    .option("--json", "for programs")
    .option("--no-color", "no colours")
    .addHelpText(
      "after",
      `${example("interactor config check site.yaml", "interactor config check --json | jq '.problems[].message'")}
Needs no hub: modules are the built-in ones then. Exit code 0: nothing is wrong; 7: something is.`,
    )
    .action(async (given, { hub, ...options }) => {
      const { runCheck, runCheckAt } = await import("./config-check.ts");
      const file = siteFileMeant(given, undefined);
      if (hub === undefined) return runCheck(file, options);
      return untilInterrupted(() => runCheckAt(hub, file, options));
    });
}

function addInit(config: Command): void {
  config
    .command("init")
    .description("write an example of a site file, with comments; a file that is there stays as it is")
    .argument("[file]", "where", "site.yaml")
    .option("--json", "for programs")
    .addHelpText("after", example("interactor config init", "interactor config init gallery/site.yaml"))
    .action(async (file, options) => {
      const { runInit } = await import("./config-init.ts");
      runInit(file, options);
    });
}

function addDiff(config: Command): void {
  addHubOptions(config.command("diff"))
    .description("what changes from one site to another: nothing else is told")
    .argument("<before>", "a site's first file, or the number of a revision")
    .argument("<after>", "another one")
    .option("--exit-code", "exit with 1 when something changes")
    .addHelpText(
      "after",
      `${example("interactor config diff 3 4", "interactor config diff 4 site.yaml", "interactor config diff <(git show HEAD:site.yaml) site.yaml", "git show HEAD:site.yaml | interactor config diff - site.yaml")}
+ comes, - goes, ~ is different; an instance that has to start anew says so. Comments and order are no change.
Two files need no hub. A file whose name is a number is ./3.`,
    )
    .action(async (before, after, options) => {
      const { runDiff } = await import("./config-diff.ts");
      await untilInterrupted(() => runDiff(before, after, options));
    });
}

function addSet(config: Command): void {
  config
    .command("set")
    .description("change one value of a site file; comments and everything else stay")
    .argument("<file>", "the file it stands in")
    .argument("<path>", "where: names with points between, as problems have them")
    .argument("<value>", "a number, true, false, null, or a text; a list or a map as JSON")
    .option("--json", "for programs")
    .addHelpText(
      "after",
      example(
        "interactor config set site.yaml nodes.demo.instances.dmx.settings.universe 2",
        "interactor config set site.yaml routes.approach.throttle 50ms",
        `interactor config set site.yaml nodes.demo.zones '["hall", "foyer"]'`,
      ),
    )
    .action(async (file, path, value, options) => {
      const { runSet } = await import("./config-set.ts");
      runSet(file, path, value, options);
    });
}

function addPatch(config: Command): void {
  config
    .command("patch")
    .description("list lighting fixtures and dimmers: where they are, and which inputs they have")
    .argument("[file]", "the site's first file; - is what comes in", "site.yaml")
    .option("--json", "for programs")
    .option("--no-color", "no colours")
    .addHelpText(
      "after",
      `${example("interactor config patch site.yaml")}
Universes are told as sACN counts them, from 1, and as Art-Net does, from 0.`,
    )
    .action(async (file, options) => {
      const { runPatch } = await import("./config-patch.ts");
      runPatch(file, options);
    });
}

function addSchema(config: Command): void {
  config
    .command("schema")
    .description("print the JSON Schema of the site file, for editors")
    .option("--json", "for programs; it always is")
    .addHelpText(
      "after",
      `${example("interactor config schema > site.schema.json")}
An editor with YAML support finds it by the first line of the file that \`interactor config init\` writes.`,
    )
    .action(async () => {
      const { runSchema } = await import("./config-schema.ts");
      runSchema();
    });
}
