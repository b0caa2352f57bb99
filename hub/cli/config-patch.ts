/** `interactor config patch`: the lighting fixtures and dimmers of a site, as whoever sets their addresses needs them. */
import type { CompiledSite } from "@interactor/shared/site/compiled-site";
import { type PatchedPlace, patchOf } from "@interactor/shared/site/fixtures/patch-list";
import { type CheckOptions, checkedSite } from "./config-check.ts";
import { printable } from "./output.ts";

export function runPatch(file: string, options: CheckOptions): void {
  const site = checkedSite(file, options);
  process.stdout.write(options.json === true ? `${JSON.stringify(patchOf(site))}\n` : patchWords(site));
}

export function patchWords(site: CompiledSite): string {
  const byUniverse = Map.groupBy(patchOf(site), ({ instance, universe }) => `${instance}, ${universe}`);
  const parts = [...byUniverse].map(([head, fixtures]) =>
    [head, ...fixtures.map(lineFor)].map(printable).join("\n"),
  );
  return parts.length === 0 ? "no instance names fixtures or dimmers\n" : `${parts.join("\n\n")}\n`;
}

function lineFor({ name, file, mode, first, last, inputs }: PatchedPlace): string {
  const place = `${String(first).padStart(3)}–${String(last).padStart(3)}`;
  if (file === undefined) return `  ${place}  ${name}  dimmer`;
  return `  ${place}  ${name}  ${file}${mode === undefined ? "" : ` ${mode}`}  ${inputs.join(", ")}`;
}
