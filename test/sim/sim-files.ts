/** Stands in the place of `node:fs/promises` for the spool: paths begin with `/sim/<machine>`, and that is its disk. */
import type { SimDisk } from "./sim-disk.ts";

/** By machine, of the world that runs now. */
export const disks = new Map<string, SimDisk>();

function diskOf(path: string): SimDisk {
  const disk = disks.get(path.split("/")[2] ?? "");
  if (disk === undefined) throw new Error(`no simulated machine has ${path}`);
  return disk;
}

export const open = (path: string, flags: string) => diskOf(path).open(path, flags);
export const mkdir = (path: string) => diskOf(path).mkdir();
export const readdir = (path: string) => diskOf(path).readdir(path);
export const readFile = (path: string) => diskOf(path).readFile(path);
export const rm = (path: string) => diskOf(path).rm(path);
export const rename = (from: string, to: string) => diskOf(from).rename(from, to);
export const stat = (path: string) => diskOf(path).stat(path);
