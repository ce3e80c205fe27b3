/** Dark or light: the system's, until somebody chooses. SQLRooms' editor and charts read the same place. */

import { useSyncExternalStore } from "react";

/** As `@sqlrooms/ui` names it. */
const STORED = "sqlrooms-ui-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export type Theme = "light" | "dark";

export function theme(): Theme {
  const chosen = localStorage.getItem(STORED);
  return chosen === "light" || chosen === "dark" ? chosen : system.matches ? "dark" : "light";
}

export function applyTheme() {
  document.documentElement.classList.toggle("dark", theme() === "dark");
  for (const listener of listeners) listener();
}

export function chooseTheme(chosen: Theme) {
  localStorage.setItem(STORED, chosen);
  applyTheme();
}

system.addEventListener("change", applyTheme);

export function useTheme(): Theme {
  return useSyncExternalStore((changed) => {
    listeners.add(changed);
    return () => listeners.delete(changed);
  }, theme);
}
