/** How settings name a line: by its USB adapter, or by its path. */
import * as z from "@interactor/shared/sdk/schemas";

// One of digits alone is a number to YAML.
const words = 'must be a serial number in quotes, such as "75834353930351F0D1E2"';

/** As udev writes it into its links; shorter ones are shared by whole makes of adapters. */
export const serialNumber = z.string({ error: words }).check(z.regex(/^[\w.:-]{4,64}$/u, words));

/** For editors, and for whoever reads a site before its nodes do: exactly one of these settings has to be there. */
export const oneOfThese = (...names: readonly string[]) =>
  z.meta({ oneOf: names.map((name) => ({ required: [name] })) });
