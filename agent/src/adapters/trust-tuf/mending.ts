/** A hub is older than what a node has believed of it: what helps, in words for whoever looks after the hub. */

/** `root`, `timestamp`, `snapshot`, or the file of a role, such as `targets.json`. */
export function mending(name: string): string {
  switch (name) {
    case "root":
    case "targets.json":
      return "the hub was restored from before it, or somebody plays back what is old. From where the keys lie: interactor trust restore";
    case "timestamp":
    case "snapshot":
    case "assign.json":
      return "the hub numbers these by its clock, which is behind, or somebody plays back what is old. If the clock is right: interactor trust rotate online";
    default:
      return `the hub was restored from before it, or somebody plays back what is old. ${name.replace(/\.json$/, "")} publishes again: interactor module publish. If he may not publish any more: interactor trust rotate online`;
  }
}
