/**
 * Tables as the steps that led to them: step n brings `user_version` from n - 1 to n. Steps are added, never edited.
 * They stand in modules and not in files of SQL, so that a bundle has them within.
 */
import { Fault } from "@interactor/shared/kernel/fault";
import type { Database } from "./database.ts";

export interface Tables {
  /** What they keep, in words for people. */
  readonly keeps: string;
  readonly code: string;
  readonly migrations: readonly string[];
}

/** Brings the tables up to date, a step at a time, each whole or not at all. */
export async function migrate(
  database: Database,
  path: string,
  { keeps, code, migrations }: Tables,
): Promise<void> {
  const [row] = await database.rows("PRAGMA user_version");
  const version = Number(row?.["user_version"]);
  if (version > migrations.length) {
    throw new Fault(
      `${code}_NEWER`,
      `${path} was written by a newer hub (version ${version} of its tables, this hub knows ${migrations.length}): start that hub, or move the file away to begin without ${keeps}`,
    );
  }
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    await database.execute(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
