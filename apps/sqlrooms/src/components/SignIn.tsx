/** Signing in with a token of the API. */

import { useState } from "react";

import { Problem } from "../api/problem";
import { useAction } from "../lib/requests";
import { ProblemNote } from "./States";

export function SignIn({ reason, onSignIn }: { reason?: string; onSignIn: (token: string) => Promise<void> }) {
  const [token, setToken] = useState("");
  const [isEmpty, setEmpty] = useState(false);
  const { run, isBusy, problem } = useAction(onSignIn);
  const unknown = problem?.status === 401 && new Problem(401, "The API doesn't know this token", "Look whether all of it was copied, or ask for another.", problem.requestId);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    setEmpty(token.trim() === "");
    if (token.trim()) void run(token.trim());
  };
  return (
    <main className="sign-in">
      <form onSubmit={submit} aria-labelledby="sign-in">
        <p className="brand"><span className="brand-mark" aria-hidden="true" />Living Schema</p>
        <h1 id="sign-in">Sign in</h1>
        {reason && <p role="status">{reason}</p>}
        <label htmlFor="token">Your token</label>
        <input id="token" type="password" autoComplete="off" autoFocus spellCheck={false} value={token}
          aria-invalid={isEmpty || problem !== undefined} aria-describedby="token-help" onChange={(event) => setToken(event.target.value)} />
        <p id="token-help" className="hint">
          {isEmpty ? "Paste the token first. " : ""}An administrator gives you one. It stays in this tab, encrypted, until you sign out or close the tab.
        </p>
        <button type="submit" className="primary" disabled={isBusy}>{isBusy ? "Signing in…" : "Sign in"}</button>
        {problem && <ProblemNote problem={unknown || problem} />}
      </form>
    </main>
  );
}
