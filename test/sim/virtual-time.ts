/**
 * The time of a simulated world. Nothing waits: the next event is run at once, and then everything that follows from it
 * without time passing, promises too, before the one after it.
 */

interface Scheduled {
  readonly due: number;
  readonly order: number;
  readonly task: () => void;
  isCancelled: boolean;
}

/** Node's own, however the globals are replaced. */
const realImmediate = setImmediate;

export class VirtualTime {
  /** In ms since the world began. */
  now = 0;
  /** Events so far. */
  events = 0;
  readonly #heap: Scheduled[] = [];
  #order = 0;

  /** Runs `task` after `delay` ms, unless the returned function is called first. */
  after(delay: number, task: () => void): () => void {
    const scheduled = { due: this.now + Math.max(delay, 0), order: this.#order++, task, isCancelled: false };
    this.#push(scheduled);
    return () => {
      scheduled.isCancelled = true;
    };
  }

  /** Lets the world go on until `end`, or until `isDone`, which is asked after every event. */
  async runUntil(end: number, isDone: () => boolean = () => false): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.due <= end; next = this.#heap[0]) {
      this.#pop();
      if (next.isCancelled) continue;
      this.now = Math.max(this.now, next.due);
      this.events += 1;
      next.task();
      await settled();
      if (isDone()) return;
    }
    this.now = Math.max(this.now, end);
  }

  #push(scheduled: Scheduled): void {
    const heap = this.#heap;
    let place = heap.push(scheduled) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, scheduled)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = scheduled;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [first, second] = [heap[left], heap[left + 1]];
      if (first === undefined) break;
      const isSecond = second !== undefined && isBefore(second, first);
      const child = isSecond ? second : first;
      if (isBefore(last, child)) break;
      heap[place] = child;
      place = isSecond ? left + 1 : left;
    }
    heap[place] = last;
  }
}

const isBefore = (left: Scheduled, right: Scheduled): boolean =>
  left.due < right.due || (left.due === right.due && left.order < right.order);

/** Resolves when all promises have come as far as they can without time passing. */
const settled = (): Promise<void> => new Promise((resolve) => void realImmediate(resolve));
