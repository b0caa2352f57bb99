// Real sandboxes for tests: our side of the pipe and modules are built as they are for a node.

import { build } from "esbuild";
import { join } from "node:path";
import { newSteering } from "../../../agent/src/adapters/clock-system.ts";
import {
  type Machine,
  type Measure,
  surveyMachine,
} from "../../../agent/src/adapters/module-host-sandbox/machine.ts";
import {
  type SandboxedModule,
  sandboxGuests,
} from "../../../agent/src/adapters/module-host-sandbox/module-host-sandbox.ts";
import { seconds } from "@interactor/shared/kernel/units";
import type { OpenGuest } from "../../../agent/src/ports/guest-line.ts";
import { artefacts } from "../../../deploy/artefacts.ts";

/** On a machine as busy as a test has it; one that says where it hangs does so within a second. */
export const patientHangMax = seconds(30);

/** One ES module of a module's source. */
export async function bundled(entry: string, to: string): Promise<string> {
  await build({
    entryPoints: [entry],
    outfile: to,
    bundle: true,
    format: "esm",
    platform: "node",
    minify: true,
  });
  return to;
}

/** `given`: a machine that has less than this one. `required`: what has to be there. */
export async function openSandboxes(
  folder: string,
  given?: Machine,
  required: ReadonlySet<Measure> = new Set(),
): Promise<(module: SandboxedModule) => OpenGuest> {
  const machine = given === undefined ? surveyMachine({ folder }) : Promise.resolve(given);
  return sandboxGuests({
    site: "demo",
    node: "stage",
    inside: await insideIn(folder),
    machine: () => machine,
    required,
    steering: newSteering(),
    hangMax: patientHangMax,
  });
}

/** Our side of the pipe, where an agent has it. */
export async function insideIn(folder: string): Promise<string> {
  const artefact = artefacts.find(({ name }) => name === "sandbox");
  if (artefact === undefined) throw new Error("deploy/artefacts.ts has no sandbox");
  const outfile = join(folder, artefact.output);
  await build({
    ...artefact.options,
    absWorkingDir: join(import.meta.dirname, "../../.."),
    entryPoints: [artefact.entry],
    bundle: true,
    format: "esm",
    outfile,
  });
  return outfile;
}
