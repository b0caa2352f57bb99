/** The inside of a guest, be it a thread or a process: runs instances and speaks for them. */
import { messageOf } from "../kernel/fault.ts";
import type { FromGuest, GuestInstance, GuestSetup, ToGuest } from "./guest-messages.ts";
import type { ModuleLoader } from "./loaded-module.ts";
import { type GuestWorld, RunningInstance } from "./running-instance.ts";
import type { Verdict } from "./define-module.ts";

export class Guest {
  readonly #setup: GuestSetup;
  readonly #load: ModuleLoader;
  readonly #world: GuestWorld;
  readonly #say: (message: FromGuest) => void;
  readonly #running = new Map<string, RunningInstance>();
  /** They stop, and may still ask for something: what they have to write is answered. */
  readonly #ending = new Map<string, RunningInstance>();

  constructor(setup: GuestSetup, load: ModuleLoader, world: GuestWorld, say: (message: FromGuest) => void) {
    this.#setup = setup;
    this.#load = load;
    this.#world = world;
    this.#say = say;
  }

  take(message: ToGuest): void {
    switch (message[0]) {
      case "inputs":
        for (const [instance, input, applied] of message[1])
          this.#running.get(instance)?.apply(input, applied);
        return;
      case "start":
        return this.#start(message[1]);
      case "prepare":
        return this.#answer(message[1], this.#prepare(message[2]));
      case "reconfigure": {
        const [, question, spec] = message;
        return this.#answer(
          question,
          this.#ask(spec.name, (instance) => instance.reconfigure(spec, this.#load)),
        );
      }
      case "self-test":
        return this.#answer(
          message[1],
          this.#ask(message[2], (instance) => instance.selfTest()),
        );
      case "finish":
        return this.#answer(
          message[1],
          this.#ask(message[2], (instance) => instance.finish()),
        );
      case "end":
        return this.#answer(message[1], this.#end(message[2], message[3]));
      case "told":
      case "came":
      case "closed":
        return (this.#running.get(message[1]) ?? this.#ending.get(message[1]))?.services.take(message);
      case "ping":
        return this.#say(["pong"]);
      case "stop":
        return this.#stop();
      default:
        message satisfies never;
    }
  }

  #start(spec: GuestInstance): void {
    const instance = new RunningInstance(spec, this.#setup, this.#world, this.#say);
    this.#running.set(spec.name, instance);
    void instance.start(this.#load);
  }

  /** Of what runs by that name only what it would say to other settings: the same module may come in another version. */
  async #prepare(spec: GuestInstance): Promise<Verdict> {
    const prepared = (await this.#load(spec.module)).prepare(spec.settings);
    const running = this.#running.get(spec.name);
    const veto = running?.module === spec.module ? await running.veto(prepared.settings) : undefined;
    return veto ?? (await prepared.veto({ name: spec.called ?? spec.name, ...this.#setup }));
  }

  async #ask(name: string, ask: (instance: RunningInstance) => Promise<Verdict>): Promise<Verdict> {
    const instance = this.#running.get(name);
    return instance === undefined ? "it does not run" : ask(instance);
  }

  async #end(name: string, next: GuestInstance | undefined): Promise<Verdict> {
    const instance = this.#running.get(name);
    if (instance === undefined) return undefined;
    this.#running.delete(name);
    this.#ending.set(name, instance);
    await instance.stop(next, this.#load);
    this.#ending.delete(name);
    return undefined;
  }

  #answer(question: number, verdict: Promise<Verdict>): void {
    void verdict.then(
      (words) => this.#say(["answer", question, words]),
      (error: unknown) => this.#say(["answer", question, messageOf(error)]),
    );
  }

  #stop(): void {
    const instances = [...this.#running.values()];
    void Promise.all(instances.map((instance) => instance.stop())).then(() => this.#say(["stopped"]));
  }
}
