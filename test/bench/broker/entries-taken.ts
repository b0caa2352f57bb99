/** What the hub says of itself: that it took in what it was sent. */
import type { RunningBroker } from "./subject-process.ts";

const taken = "interactor_hub_messages_total";
/** What must not happen to a batch that is as it should be. */
const untaken = ["interactor_hub_messages_missed_total", "interactor_hub_messages_refused_total"] as const;

/** Entries that the hub has taken in since its start. Throws when it refused or missed one. */
export async function entriesTaken(hub: RunningBroker): Promise<number> {
  const text = await metricsOf(hub);
  for (const name of untaken) {
    if ((sumIn(text, name) ?? 0) > 0)
      throw new Error(`${linesOf(text, name, "").join("; ")}: not all was taken in`);
  }
  const sum = sumIn(text, taken);
  if (sum === undefined) throw new Error(`no ${taken} among the hub's metrics`);
  return sum;
}

/** The sum of a metric's samples with this label, as `result="passed"`; 0: there is none. */
export async function metricSum(hub: RunningBroker, name: string, label: string): Promise<number> {
  return sumIn(await metricsOf(hub), name, label) ?? 0;
}

async function metricsOf({ http }: RunningBroker): Promise<string> {
  const response = await fetch(`${http}/metrics`, { signal: AbortSignal.timeout(5000) });
  return response.text();
}

/** The sum of a metric's samples in Prometheus' text format; `undefined`: there is none. */
export function sumIn(text: string, name: string, label = ""): number | undefined {
  const values = linesOf(text, name, label).map((line) => Number(line.slice(line.lastIndexOf(" "))));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

const linesOf = (text: string, name: string, label: string): readonly string[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => line.includes(label));
