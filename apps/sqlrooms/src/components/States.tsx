/** What stands where there's nothing to show: yet, at all, or because something went wrong. Each says what to do next. */

import type { ReactNode } from "react";

import type { Problem } from "../api/problem";

export function Busy({ what }: { what: string }) {
  return <p className="busy" role="status"><span className="spinner" aria-hidden="true" />{what}…</p>;
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children && <div>{children}</div>}
    </div>
  );
}

/** A problem, with what one can do about it. */
export function ProblemNote({ problem, onRetry, children }: { problem: Problem; onRetry?: () => void; children?: ReactNode }) {
  const retry = problem.status === 409 ? "Load the newest state" : "Try again";
  return (
    <div className="problem" role="alert">
      <p className="problem-title">{problem.title}</p>
      {problem.detail && <p>{problem.detail}</p>}
      {advice(problem) && <p>{advice(problem)}</p>}
      {children}
      {(onRetry || problem.requestId) && (
        <p className="problem-foot">
          {onRetry && <button type="button" onClick={onRetry}>{retry}</button>}
          {problem.requestId && <small>Request {problem.requestId}</small>}
        </p>
      )}
    </div>
  );
}

function advice({ status }: Problem): string | undefined {
  switch (status) {
    case 403:
      return "Ask whoever gave you the token for one that may do this.";
    case 409:
      return "Look at the newest state, then decide again.";
    case 429:
      return "Wait a minute, then try again.";
    case 503:
      return "It usually comes back by itself. Try again in a minute.";
    default:
      return undefined;
  }
}
