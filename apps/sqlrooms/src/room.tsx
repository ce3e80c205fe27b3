/** What all views share: the client of who is signed in, and the line that says what was done. */

import { createContext, useContext } from "react";

import type { Api } from "./api/client";

export interface Room {
  api: Api;
  /** Says what was done, to eyes and to screen readers; to these only, where eyes see it anyhow. */
  say: (message: string, isSeen?: boolean) => void;
}

export const RoomContext = createContext<Room | undefined>(undefined);

export function useRoom(): Room {
  const room = useContext(RoomContext);
  if (!room) throw new Error("there is no room above this component");
  return room;
}
