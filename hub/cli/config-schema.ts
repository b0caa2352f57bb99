/** `interactor config schema`: the site file for editors. */
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { siteJsonSchema } from "@interactor/shared/site/site-json-schema";

export function runSchema(): void {
  process.stdout.write(`${JSON.stringify(siteJsonSchema(builtInModules), undefined, 2)}\n`);
}
