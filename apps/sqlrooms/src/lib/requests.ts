/** Requests as React has them. */

import { useCallback, useEffect, useRef, useState } from "react";

import { Problem, isAbort } from "../api/problem";

/** What there is of a request's answer. While it's asked again, the answer before stays, so that nothing jumps. */
export interface Loaded<T> {
  value?: T;
  problem?: Problem;
  isLoading: boolean;
  /** Asks again. */
  reload: () => void;
}

/**
 * Asks when `key` changes, and gives up what is under way then.
 *
 * @param key Names what is asked; `undefined`: nothing.
 */
export function useLoaded<T>(key: string | undefined, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ key?: string; value?: T; problem?: Problem; isLoading: boolean }>({ isLoading: key !== undefined });
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (key === undefined) {
      setState({ isLoading: false });
      return;
    }
    const abort = new AbortController();
    setState((before) => ({ key, value: before.key === key ? before.value : undefined, isLoading: true }));
    latest
      .current(abort.signal)
      .then((value) => setState({ key, value, isLoading: false }))
      .catch((error: unknown) => {
        if (!abort.signal.aborted && !isAbort(error)) setState((before) => ({ ...before, problem: Problem.from(error), isLoading: false }));
      });
    return () => abort.abort();
  }, [key, round]);
  const reload = useCallback(() => setRound((n) => n + 1), []);
  return { value: state.value, problem: state.problem, isLoading: state.isLoading, reload };
}

/** Something that a person sets off: whether it's under way, and what went wrong. */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<void>) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const run = async (...args: A) => {
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await act(...args);
    } catch (error) {
      if (!isAbort(error)) setProblem(Problem.from(error));
    } finally {
      setBusy(false);
    }
  };
  return { run, isBusy, problem, clear: () => setProblem(undefined) };
}
