/** Options that several subcommands have. */
import { type Command, Option } from "commander";
import { hubArgument, nameArgument, portArgument } from "./arguments.ts";

/** Of whatever asks the hub. */
export function addHubOptions(command: Command): Command {
  return command
    .option(
      "--hub <url>",
      "the hub's address (default: INTERACTOR_HUB, else hub.json of --data, else port 8080)",
      hubArgument,
    )
    .addOption(folderOption("where a hub on this machine keeps its hub.json", ".interactor"))
    .option("--json", "for programs")
    .option("--no-color", "no colours");
}

export const folderOption = (use: string, fallback: string): Option =>
  new Option("--data <folder>", `${use} (default ${fallback})`).env("INTERACTOR_DATA");

export const portOption = (flag: string, use: string, variable: string): Option =>
  new Option(`${flag} <port>`, use).argParser(portArgument).env(variable);

export const siteOption = (): Option =>
  new Option("--site <name>", "the installation (default demo)")
    .argParser(nameArgument)
    .env("INTERACTOR_SITE");
