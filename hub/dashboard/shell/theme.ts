/** Dark, light, or what the system wants; and the colours that canvases need as values. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";

export const themeChoices = ["system", "dark", "light"] as const;
export type ThemeChoice = (typeof themeChoices)[number];

const storageKey = "interactor-theme";
const prefersLight = matchMedia("(prefers-color-scheme: light)");
const systemTheme = signal<"dark" | "light">(prefersLight.matches ? "light" : "dark");
const choice = signal<ThemeChoice>(storedChoice());

export const themeChoice: ReadonlySignal<ThemeChoice> = choice;
const theme = computed(() => (choice.value === "system" ? systemTheme.value : choice.value));

export interface Palette {
  readonly line: string;
  readonly band: string;
  readonly muted: string;
  readonly grid: string;
  readonly levelNone: string;
  readonly levelLeast: string;
  readonly levelFull: string;
}

/** The colours of the theme that is on; the style sheet is the only place where they are written. */
export const palette: ReadonlySignal<Palette> = computed(() => {
  document.documentElement.dataset["theme"] = theme.value;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    line: colour("--line"),
    band: colour("--band"),
    muted: colour("--muted"),
    grid: colour("--edge"),
    levelNone: colour("--level-none"),
    levelLeast: colour("--level-least"),
    levelFull: colour("--level-full"),
  };
});

/** Follows the system from now on, and puts the theme on the page. */
export function startTheme(): void {
  prefersLight.addEventListener("change", () => {
    systemTheme.value = prefersLight.matches ? "light" : "dark";
  });
  effect(() => void palette.value);
}

export function chooseTheme(chosen: ThemeChoice): void {
  choice.value = chosen;
  try {
    localStorage.setItem(storageKey, chosen);
  } catch {
    // Storage may be forbidden or full: the choice then lasts as long as the page.
  }
}

function storedChoice(): ThemeChoice {
  try {
    const stored = localStorage.getItem(storageKey);
    return themeChoices.find((each) => each === stored) ?? "system";
  } catch {
    return "system";
  }
}
