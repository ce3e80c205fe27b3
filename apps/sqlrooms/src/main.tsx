import { createRoot } from "react-dom/client";

import { App } from "./App";
import { applyTheme } from "./lib/theme";
import "./styles/app.css";

applyTheme();
createRoot(document.getElementById("root")!).render(<App />);
