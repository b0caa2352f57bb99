import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { Inputs } from "../inputs/inputs.tsx";
import { Nodes } from "../nodes/nodes.tsx";
import { Universes } from "../universe/universes.tsx";
import { Values } from "../values/values.tsx";
import { Header } from "./header.tsx";

const screens = [
  { id: "nodes", title: "Nodes" },
  { id: "values", title: "Values" },
  { id: "inputs", title: "Inputs" },
  { id: "universe", title: "Universe" },
] as const;

const screenOfHash = (): string => screens.find(({ id }) => `#${id}` === location.hash)?.id ?? "nodes";
const screen = signal(screenOfHash());
addEventListener("hashchange", () => {
  screen.value = screenOfHash();
});

/** A wide window shows all screens at once and the links lead to them; a small one shows one at a time. */
export function App(): JSX.Element {
  return (
    <>
      <Header />
      <nav class="screens" aria-label="screens">
        {screens.map(({ id, title }) => (
          <a key={id} href={`#${id}`} aria-current={screen.value === id ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <main data-screen={screen}>
        <Nodes />
        <Universes />
        <Values />
        <Inputs />
      </main>
    </>
  );
}
