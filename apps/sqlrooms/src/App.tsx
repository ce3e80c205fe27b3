/** The app: who is signed in, the way between views, and the view. */

import { Suspense, lazy, useCallback, useEffect, useMemo, useRef, useState } from "react";

import { Api } from "./api/client";
import { SignIn } from "./components/SignIn";
import { Busy } from "./components/States";
import { address, useRoute } from "./lib/route";
import { chooseTheme, useTheme } from "./lib/theme";
import { RoomContext } from "./room";
import { forgetToken, keepToken, keptToken } from "./session";

/** The views by their address. Each is loaded when it's opened. */
const VIEWS = [
  { view: "query", name: "Query", hint: "Ask, run, look back", Component: lazy(() => import("./components/QueryRoom")) },
  { view: "reports", name: "Reports", hint: "Saved queries that stay", Component: lazy(() => import("./components/SavedReports")) },
  { view: "schema", name: "Schema", hint: "What the data has", Component: lazy(() => import("./components/SchemaExplorer")) },
  { view: "review", name: "Review", hint: "What waits for a person", Component: lazy(() => import("./components/ReviewQueue")) },
  { view: "upload", name: "Upload", hint: "Add a spreadsheet", Component: lazy(() => import("./components/Upload")) },
];

/** Where Cloudflare Access forgets a browser. */
const ACCESS_LOGOUT = "/cdn-cgi/access/logout";

/** Milliseconds that a message stays. */
const MESSAGE_MS = 8000;

type Session = { state: "unknown" } | { state: "out"; reason?: string } | { state: "in"; api: Api; isByAccess: boolean };

export function App() {
  const [session, setSession] = useState<Session>({ state: "unknown" });
  const expired = useCallback(() => {
    void forgetToken();
    setSession({ state: "out", reason: "The API doesn't know this token any more. Sign in again." });
  }, []);

  useEffect(() => {
    void (async () => {
      const token = await keptToken();
      const api = new Api(token);
      // Without a token: Cloudflare Access may have let the browser in.
      const isIn = await isKnown(api);
      setSession(isIn ? { state: "in", api: new Api(token, expired), isByAccess: token === undefined } : { state: "out" });
    })();
  }, [expired]);

  const signIn = async (token: string) => {
    const api = new Api(token, expired);
    await new Api(token).call("get", "/api/schema/versions");
    await keepToken(token);
    setSession({ state: "in", api, isByAccess: false });
  };
  const signOut = () => {
    if (session.state === "in" && session.isByAccess) return location.assign(ACCESS_LOGOUT);
    void forgetToken();
    setSession({ state: "out" });
  };

  if (session.state === "unknown") return <Busy what="Opening" />;
  if (session.state === "out") return <SignIn reason={session.reason} onSignIn={signIn} />;
  return <Shell api={session.api} onSignOut={signOut} />;
}

async function isKnown(api: Api): Promise<boolean> {
  try {
    await api.call("get", "/api/schema/versions");
    return true;
  } catch {
    return false;
  }
}

function Shell({ api, onSignOut }: { api: Api; onSignOut: () => void }) {
  const route = useRoute();
  const theme = useTheme();
  const [message, setMessage] = useState({ text: "", isSeen: false });
  const main = useRef<HTMLElement>(null);
  const current = VIEWS.find(({ view }) => view === route.view) ?? VIEWS[0]!;
  const room = useMemo(() => ({ api, say: (text: string, isSeen = false) => setMessage({ text, isSeen }) }), [api]);

  useEffect(() => {
    document.title = `${current.name} · Living Schema`;
  }, [current]);
  useEffect(() => {
    if (!message.text) return;
    const timer = setTimeout(() => setMessage({ text: "", isSeen: false }), MESSAGE_MS);
    return () => clearTimeout(timer);
  }, [message]);

  return (
    <RoomContext value={room}>
      <div className="shell">
        <a className="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>
          Skip to the content
        </a>
        <header className="bar">
          <p className="brand"><span className="brand-mark" aria-hidden="true" />Living Schema</p>
          <nav aria-label="Views">
            <ul>
              {VIEWS.map(({ view, name, hint }) => (
                <li key={view}>
                  <a href={address(view)} title={hint} aria-current={view === current.view ? "page" : undefined}>{name}</a>
                </li>
              ))}
            </ul>
          </nav>
          <div className="bar-end">
            <button type="button" className="quiet" onClick={() => chooseTheme(theme === "dark" ? "light" : "dark")}>
              {theme === "dark" ? "Light" : "Dark"}
            </button>
            <button type="button" className="quiet" onClick={onSignOut}>Sign out</button>
          </div>
        </header>
        <main ref={main} id="main" tabIndex={-1}>
          <Suspense fallback={<Busy what={`Opening ${current.name}`} />}>
            <current.Component key={current.view} />
          </Suspense>
        </main>
        <p className={message.isSeen ? "hidden" : "message"} role="status" data-shown={message.text !== ""}>{message.text}</p>
      </div>
    </RoomContext>
  );
}

