/**
 * Two runs of one instance live side by side while the later one takes over. Agent and guest tell them apart by a name
 * that no instance can have.
 */
import { isName } from "../wire/names.ts";

/** The first run has the name of the instance. */
export const runName = (instance: string, run: number): string =>
  run === 0 ? instance : `${instance}@${run}`;

/** The instance of a run. */
export const instanceOf = (run: string): string => run.split("@", 1)[0] ?? run;

export const isRunName = (text: string): boolean => {
  const [instance = "", number, ...more] = text.split("@");
  return isName(instance) && (number === undefined || /^[1-9]\d{0,15}$/.test(number)) && more.length === 0;
};
