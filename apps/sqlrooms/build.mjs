/**
 * Builds the app into apps/sqlrooms/build, which the API's Worker serves.
 *
 *   node apps/sqlrooms/build.mjs            the app; what is up to date is left alone
 *   node apps/sqlrooms/build.mjs --watch    again at every change
 *
 * Modules that only one view needs are files of their own, loaded when the view is opened. Nothing in them comes from another host.
 */

import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build, context } from "esbuild";

const APP = fileURLToPath(new URL("./", import.meta.url));
const ROOT = path.join(APP, "../..");
const OUT = path.join(APP, "build");

/** Pages, scripts and styles may come from this origin only, and so may what they ask. CodeMirror and charts make styles of their own. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Headers of static answers. Files with a hash in their name never change. */
const HEADERS = `/*
  Content-Security-Policy: ${POLICY}
  Referrer-Policy: no-referrer
  X-Content-Type-Options: nosniff
/assets/*
  Cache-Control: public, max-age=31536000, immutable
`;

/** @type {import("esbuild").BuildOptions} */
const OPTIONS = {
  absWorkingDir: APP,
  entryPoints: ["src/main.tsx"],
  outdir: path.join(OUT, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
  logLevel: "warning",
  plugins: [{ name: "page", setup: (build) => build.onEnd(writePage) }],
};

/** @param {import("esbuild").BuildResult} result */
function writePage({ metafile, errors }) {
  if (errors.length) return;
  const [file, { cssBundle }] = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === "src/main.tsx");
  const address = (file) => `/${path.relative(OUT, path.resolve(APP, file))}`;
  const page = readFileSync(path.join(APP, "index.html"), "utf8");
  writeFileSync(path.join(OUT, "index.html"), page.replace("{{script}}", address(file)).replace("{{styles}}", address(cssBundle)));
  writeFileSync(path.join(OUT, "_headers"), HEADERS);
}

/** The newest time of what the app is made of. Folders count too: their time changes when a file goes away. */
function newest(file) {
  const { mtimeMs } = statSync(file);
  if (!statSync(file).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(file).map((name) => newest(path.join(file, name))));
}

function isUpToDate() {
  const sources = ["src", "index.html", "build.mjs"].map((name) => path.join(APP, name));
  const page = statSync(path.join(OUT, "index.html"), { throwIfNoEntry: false });
  return page !== undefined && Math.max(...[...sources, path.join(ROOT, "package-lock.json")].map(newest)) < page.mtimeMs;
}

if (process.argv.includes("--watch")) {
  mkdirSync(OUT, { recursive: true });
  await (await context(OPTIONS)).watch();
} else if (isUpToDate()) {
  console.log("app: up to date");
} else {
  console.log("app: building");
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  await build(OPTIONS);
}
