/** What must be known of a machine to compare its figures with another's. */
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory_mb: number;
  readonly platform: string;
  readonly node: string;
  /** Over 1, 5 and 15 minutes, when the benches began: above the number of cores the machine was busy. */
  readonly load: readonly number[];
}

export function machineFacts(): Machine {
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory_mb: Math.round(totalmem() / 2 ** 20),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    load: loadavg().map((load) => Math.round(load * 100) / 100),
  };
}
