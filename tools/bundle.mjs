/**
 * Makes of `static/` what a wheel has: few scripts, small, under the same names.
 *
 *     node tools/bundle.mjs static OUT
 *
 * `player.js` holds all that a player needs at once, `recorder.js` what the page's other elements need
 * besides, `dashboard.js` the rest of the page. Other pages take an element by its own name. What is
 * loaded on demand, the words of each language, and the loader `pet-stream.js` stay files of their own.
 * What is text lies there compressed, too.
 */

import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";

import { build, transform } from "esbuild";
import { rollup } from "rollup";

const TARGET = "es2022";
/** What is loaded together: its name, and the modules that it begins with. */
const MAIN = {
  player: ["player"],
  recorder: ["recorder", "recordings"],
  dashboard: ["dashboard"],
};
/** For the head of a page, no module: it loads `player.js`. */
const LOADER = "pet-stream.js";

const [source, out] = process.argv.slice(2);
if (!out) throw new Error("usage: node tools/bundle.mjs SOURCE OUT");

/** The modules that are loaded with `id`, itself among them: not those that it loads on demand. */
function loadedWith(id, getModuleInfo, found = new Set()) {
  if (found.has(id)) return found;
  found.add(id);
  for (const other of getModuleInfo(id).importedIds) loadedWith(other, getModuleInfo, found);
  return found;
}

const minified = {
  name: "minified",
  async renderChunk(code) {
    return (await transform(code, { minify: true, target: TARGET, charset: "utf8" })).code;
  },
};

async function bundleScripts() {
  const folder = resolve(source, "js");
  const path = (name) => join(folder, `${name}.js`);
  const names = (await readdir(folder)).map((file) => basename(file, ".js"));
  const beginnings = Object.values(MAIN).flat();
  const entries = names.filter((name) => beginnings.includes(name) || name.startsWith("words_"));
  const bundle = await rollup({
    input: Object.fromEntries(entries.map((name) => [name, path(name)])),
    preserveEntrySignatures: "allow-extension",
    onwarn(warning) {
      throw new Error(warning.message);
    },
  });
  await bundle.write({
    dir: join(out, "js"),
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    plugins: [minified],
    manualChunks(id, { getModuleInfo }) {
      const has = (name) => loadedWith(path(name), getModuleInfo).has(id);
      return Object.keys(MAIN).find((chunk) => MAIN[chunk].some(has));
    },
  });
}

async function minifyLoader() {
  const script = await readFile(join(source, "js", LOADER), "utf8");
  const { code } = await transform(script, { minify: true, target: TARGET });
  await mkdir(join(out, "js"), { recursive: true });
  await writeFile(join(out, "js", LOADER), code);
}

async function bundleStyles() {
  const folder = join(source, "css");
  const files = (await readdir(folder)).map((file) => join(folder, file));
  const options = { bundle: true, minify: true, charset: "utf8", logLevel: "warning" };
  await build({ entryPoints: files, outdir: join(out, "css"), ...options });
}

/** Beside each text what it is for browsers that take Brotli: a sixth smaller than by gzip. */
async function compress() {
  const files = await readdir(out, { recursive: true });
  const texts = files.filter((file) => [".js", ".css", ".svg"].includes(extname(file)));
  await Promise.all(
    texts.map(async (file) => {
      const packed = await promisify(brotliCompress)(await readFile(join(out, file)));
      await writeFile(join(out, `${file}.br`), packed);
    }),
  );
}

const isOther = (file) => !/\/(js|css)(\/|$)/.test(file.slice(source.length));
await cp(source, out, { recursive: true, filter: isOther });
await Promise.all([bundleScripts(), minifyLoader(), bundleStyles()]);
await compress();
