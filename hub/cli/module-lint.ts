/** `interactor module lint`: what a hub would have against a module, before it is brought there. */
import { developmentPublisher, modulePath } from "@interactor/shared/bundle/signed-module";
import { importPolicyDefault, objections } from "../src/core/registry/import-policy.ts";
import { commandFault } from "./exit.ts";
import { type BuiltModule, buildModule } from "./module-build.ts";

export async function runModuleLint(folder: string, options: { readonly json?: boolean }): Promise<void> {
  process.stderr.write("building …\n");
  const problems = moduleProblems(await buildModule(folder));
  if (options.json === true) process.stdout.write(`${JSON.stringify({ problems })}\n`);
  else process.stdout.write(problems.length === 0 ? "nothing against it\n" : `${problems.join("\n")}\n`);
  if (problems.length > 0) {
    const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
    throw commandFault("VALIDATION", `${count} in ${folder}`);
  }
}

/** In words. What a site decides for itself, such as licences, its hub says. */
export function moduleProblems({ module, text, bytes }: BuiltModule): readonly string[] {
  const { manifest, engines } = module;
  const publisher = developmentPublisher;
  const path = modulePath(publisher, manifest);
  const found = [...objections({ publisher, path, text, bytes, custom: { manifest } }, importPolicyDefault)];
  if (manifest.license === undefined) found.push("it has no licence: `license` in package.json");
  if (engines === undefined)
    found.push("it does not say for which Interactor it is: `engines.interactor` in package.json");
  for (const [name, { actuator, stop, type, min }] of Object.entries(manifest.inputs)) {
    if (actuator === true && stop === undefined && min === undefined && type !== "bool")
      found.push(
        `interactor.inputs.${name} moves something and does not say where it goes on a show stop: \`stop\``,
      );
  }
  return found;
}
