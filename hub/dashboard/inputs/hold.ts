/** How long what a hand sets holds, chosen once for the whole page. */
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import { signal } from "@preact/signals";

export const holdChoices = [
  { label: "10 s", span: seconds(10) },
  { label: "1 min", span: seconds(60) },
  { label: "10 min", span: seconds(600) },
  { label: "1 h", span: seconds(3600) },
] as const satisfies readonly { readonly label: string; readonly span: Millis }[];

export const holdFor = signal<Millis>(holdChoices[0].span);
