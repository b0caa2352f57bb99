/** What the outputs give that a filter stands for: all outputs of a site are listed once, and looked through by node. */
import { fits, nodeOfFilter } from "../wire/output-filter.ts";
import type { Instances } from "./check-instances.ts";
import { hintAmong, type SiteCheck } from "./site-check.ts";
import { type Kind, kindOf } from "./value-kinds.ts";
import type { Path } from "./yaml-text.ts";

interface Output {
  readonly node: string;
  readonly address: string;
  readonly name: string;
  readonly kind: Kind;
}

export class FilteredOutputs {
  readonly #check: SiteCheck;
  readonly #instances: Instances;
  readonly #all: readonly Output[];
  readonly #byNode: ReadonlyMap<string, readonly Output[]>;
  readonly #kinds = new Map<string, ReadonlySet<Kind>>();
  #isUnsure: boolean | undefined;

  constructor(check: SiteCheck, instances: Instances) {
    this.#check = check;
    this.#instances = instances;
    this.#all = [...instances].flatMap(([instance, { node, ports }]) =>
      Object.entries(ports.outputs).map(([name, spec]) => ({
        node,
        address: `${instance}/${name}${spec.count === undefined ? "" : 1}`,
        name,
        kind: kindOf(spec),
      })),
    );
    this.#byNode = Map.groupBy(this.#all, ({ node }) => node);
  }

  /** When all of them give the same. That there are none is told. */
  kind(path: Path, filter: string): Kind | undefined {
    const kinds = this.#kinds.get(filter) ?? this.#kindsOf(filter);
    this.#kinds.set(filter, kinds);
    this.#isUnsure ??= this.#hasUnknown();
    if (kinds.size === 0 && !this.#isUnsure) {
      const names = [...new Set(this.#all.map(({ name }) => name))];
      const hint = hintAmong(filter.split("/").at(-1) ?? "", names);
      this.#check.tell(path, `no output fits ${filter}`, hint);
    }
    const [only] = kinds;
    return kinds.size === 1 ? only : undefined;
  }

  #kindsOf(filter: string): ReadonlySet<Kind> {
    const node = nodeOfFilter(filter);
    const among = node === undefined ? this.#all : (this.#byNode.get(node) ?? []);
    return new Set(among.filter(({ address }) => fits(filter, address)).map(({ kind }) => kind));
  }

  /** Whether there are instances of which nobody knows what they give. */
  #hasUnknown(): boolean {
    const { site } = this.#check;
    return [...site.nodes].some(([node, read]) =>
      site
        .namesIn("nodes", node, "instances")
        .some((name) => !this.#instances.has(`${node}/${name}`) || read.instances.get(name) === undefined),
    );
  }
}
