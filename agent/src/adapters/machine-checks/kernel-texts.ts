/** What the kernel's files say, read into facts. */

/** How far processes of others are hidden: the mount of /proc in /proc/self/mountinfo, see proc(5). */
export function isProcHidden(mountInfo: string): boolean {
  const line = mountInfo.split("\n").findLast((each) => each.split(" ")[4] === "/proc");
  return /\bhidepid=(?:[124]|noaccess|invisible|ptraceable)\b/.test(line ?? "");
}

/** Members of a group in /etc/group; `undefined`: there is no such group. */
export function groupIn(groups: string, name: string): { readonly gid: number } | undefined {
  const line = groups.split("\n").find((each) => each.startsWith(`${name}:`));
  const gid = Number(line?.split(":")[2]);
  return line === undefined || !Number.isInteger(gid) ? undefined : { gid };
}

/** `v26.10.0` → 26. */
export const majorOf = (version: string): number => Number(/^v?(\d+)\./.exec(version)?.[1] ?? 0);
