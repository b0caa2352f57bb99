/**
 * How long the loops of an expression take together, estimated before any value comes. A loop over what a value holds
 * goes over parts that are together no more than the whole; a list that stands in the expression is as long as it is.
 * What an inner loop makes may be larger than what it goes over, and the next loop goes over that.
 */
import type { ASTNode } from "@marcbachmann/cel-js";

/** Parts that a value is taken to have. A larger one takes longer in proportion; one that is squared shows all the same. */
const partsOfValue = 1000;
/**
 * Steps that an expression may take over such a value: some 50 ms. So many are all that one writes with one loop inside
 * what another goes over, and fewer than the square of the parts. More: refuse.
 */
const stepsMax = 800_000;
/** Loops inside each other: each doubles the time the estimate takes. More: refuse. */
const loopDepthMax = 6;

/** The innermost part that takes too long. */
export interface CostlyPart {
  readonly node: ASTNode;
  readonly why: "steps" | "depth" | "list";
}

interface Cost {
  readonly steps: number;
  /** Of the result, with everything in it. */
  readonly parts: number;
  readonly isNumber?: boolean;
  readonly isText?: boolean;
}

/** The parts of what variables of loops stand for. */
type Held = ReadonlyMap<string, number>;

/** `stepsOf`: what a node takes by itself that is no loop, such as a pattern on a text. */
export function costlyPart(node: ASTNode, ownSteps: (node: ASTNode) => number): CostlyPart | undefined {
  const estimate = new Estimate(ownSteps);
  const { steps } = estimate.cost(node, new Map(), 0);
  return estimate.found ?? (steps > stepsMax ? { node, why: "steps" } : undefined);
}

class Estimate {
  found: CostlyPart | undefined;
  readonly #ownSteps: (node: ASTNode) => number;
  /** The first sum of what may be large lists, in the loop that is looked at. */
  #copied: ASTNode | undefined;

  constructor(ownSteps: (node: ASTNode) => number) {
    this.#ownSteps = ownSteps;
  }

  cost(node: ASTNode, held: Held, depth: number): Cost {
    if (this.found !== undefined) return nothing;
    switch (node.op) {
      case "value":
        return {
          steps: 0,
          parts: 1,
          isNumber: typeof node.args === "number" || typeof node.args === "bigint",
          isText: typeof node.args === "string",
        };
      case "id":
        return { steps: 1, parts: held.get(node.args) ?? partsOfValue };
      case ".":
      case ".?":
      case "[]":
      case "[?]": {
        const [source, place] = node.args;
        const { steps, parts } = this.cost(source, held, depth);
        const taken = typeof place === "string" ? nothing : this.cost(place, held, depth);
        return { steps: steps + taken.steps + 1, parts };
      }
      case "+":
        return this.#sum(node, node.args, held, depth);
      case "==":
      case "!=": {
        const [left, right] = this.#each(node.args, held, depth);
        const compared = Math.min(left?.parts ?? 1, right?.parts ?? 1);
        return { steps: stepsOf([left, right]) + compared, parts: 1 };
      }
      case "in":
        return this.#among(node.args, held, depth);
      case "rcall":
        return this.#call(node, held, depth);
      default:
        return this.#plain(node, held, depth);
    }
  }

  #each(nodes: readonly ASTNode[], held: Held, depth: number): readonly Cost[] {
    return nodes.map((each) => this.cost(each, held, depth));
  }

  /** Lists are copied; a number can only be added to a number, a text to a text. */
  #sum(node: ASTNode, sides: readonly ASTNode[], held: Held, depth: number): Cost {
    const costs = this.#each(sides, held, depth);
    const steps = stepsOf(costs);
    if (costs.some(({ isNumber }) => isNumber === true))
      return { steps: steps + 1, parts: 1, isNumber: true };
    const parts = partsIn(costs);
    // A text can only be added to a text, which copies nothing.
    if (costs.some(({ isText }) => isText === true)) return { steps: steps + 1, parts, isText: true };
    if (depth > 0 && parts > partsOfValue) this.#copied ??= node;
    return this.#checked(node, { steps: steps + parts, parts });
  }

  #among([sought, source]: readonly [ASTNode, ASTNode], held: Held, depth: number): Cost {
    const [left, right] = this.#each([sought, source], held, depth);
    return { steps: stepsOf([left, right]) + (right?.parts ?? 1), parts: 1 };
  }

  #call(node: ASTNode & { readonly op: "rcall" }, held: Held, depth: number): Cost {
    const [name, source, given] = node.args;
    const [variable, ...body] = given;
    if (variable?.op === "id" && (loopNames.includes(name) || isBinding(node))) {
      if (depth >= loopDepthMax) this.found ??= { node, why: "depth" };
      return isBinding(node)
        ? this.#bound(variable.args, body, held, depth)
        : this.#loop(node, variable.args, { source, body }, held, depth);
    }
    const costs = this.#each([source, ...given], held, depth);
    const parts = plainResults.includes(name) ? 1 : partsIn(costs);
    const own = this.#ownSteps(node) * ((costs[0]?.parts ?? 1) / partsOfValue);
    return {
      steps: stepsOf(costs) + 1 + own + (copying.includes(name) ? partsIn(costs) : 0),
      parts,
      isNumber: name === "size",
    };
  }

  /** `cel.bind(name, value, body)` */
  #bound(variable: string, [value, body]: readonly ASTNode[], held: Held, depth: number): Cost {
    const given = value === undefined ? nothing : this.cost(value, held, depth);
    if (body === undefined) return given;
    const inside = this.cost(body, new Map(held).set(variable, given.parts), depth + 1);
    return { ...inside, steps: inside.steps + given.steps };
  }

  #loop(
    node: ASTNode & { readonly op: "rcall" },
    variable: string,
    { source, body }: { readonly source: ASTNode; readonly body: readonly ASTNode[] },
    held: Held,
    depth: number,
  ): Cost {
    if (depth === 0) this.#copied = undefined;
    const over = this.cost(source, held, depth);
    const times = (parts: number, count: number): Cost => {
      const inside = new Map(held).set(variable, parts);
      const costs = this.#each(body, inside, depth + 1);
      return { steps: (stepsOf(costs) + 1) * count, parts: (costs.at(-1)?.parts ?? 1) * count };
    };
    let all: Cost;
    if (source.op === "list") {
      const largest = Math.max(1, ...this.#each(source.args, held, depth).map(({ parts }) => parts));
      all = times(largest, source.args.length);
    } else if (over.parts <= 1) all = times(1, 1);
    else {
      // Nobody knows how the parts are shared out: at worst all are one's own, or each is by itself.
      const [one, many] = [times(over.parts, 1), times(1, over.parts)];
      all = { steps: one.steps + many.steps, parts: one.parts + many.parts };
    }
    const [name] = node.args;
    const made = name === "map" ? all.parts : name === "filter" ? over.parts : 1;
    return this.#checked(node, { steps: over.steps + all.steps, parts: made + 1 });
  }

  #plain(node: ASTNode, held: Held, depth: number): Cost {
    const isCall = node.op === "call";
    const costs = this.#each(childrenOf(node.args), held, depth);
    const steps = stepsOf(costs) + 1;
    const isNumber = numberOperators.includes(node.op) || (isCall && numberCalls.includes(node.args[0]));
    if (isNumber) return { steps, parts: 1, isNumber };
    const alternatives = node.op === "?:" || (isCall && node.args[0] === "lookup");
    const parts = alternatives ? Math.max(...costs.map((each) => each.parts)) : partsIn(costs);
    const isEither = node.op === "?:" && costs.slice(1).every((each) => each.isNumber === true);
    return { steps, parts: booleans.includes(node.op) ? 1 : Math.max(parts, 1), isNumber: isEither };
  }

  #checked(node: ASTNode, cost: Cost): Cost {
    if (cost.steps > stepsMax)
      this.found ??=
        this.#copied === undefined ? { node, why: "steps" } : { node: this.#copied, why: "list" };
    return cost;
  }
}

const nothing: Cost = { steps: 0, parts: 1 };

const stepsOf = (costs: readonly (Cost | undefined)[]): number =>
  costs.reduce((sum, cost) => sum + (cost?.steps ?? 0), 0);
const partsIn = (costs: readonly Cost[]): number => costs.reduce((sum, { parts }) => sum + parts, 1);

export const loopNames: readonly string[] = ["all", "exists", "exists_one", "map", "filter"];
const numberOperators: readonly string[] = ["-", "*", "/", "%", "-_"];
const booleans: readonly string[] = ["<", "<=", ">", ">=", "&&", "||", "!_"];
/** Of one part, whatever they are asked of. */
const plainResults: readonly string[] = ["size", "contains", "startsWith", "endsWith", "matches"];
const copying: readonly string[] = ["split", "join"];
const numberCalls: readonly string[] = "double int size round floor ceil abs min max clamp scale curve".split(
  " ",
);

function isBinding(node: ASTNode): boolean {
  if (node.op !== "rcall") return false;
  const [name, source] = node.args;
  return name === "bind" && source.op === "id" && source.args === "cel";
}

export function childrenOf(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return isNode(args) ? [args] : [];
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === "object" && value !== null && "op" in value && "args" in value;
