import assert from "node:assert/strict";
import { test } from "node:test";

import { Session, deviceName } from "../../static/js/session.js";

const AGENTS = [
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1", "Safari, iPhone"],
  ["Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"],
  ["something new", "Browser"],
];

test("a browser has a name that its owner knows it by", () => {
  for (const [agent, name] of AGENTS) assert.equal(deviceName(agent), name);
});

test("what is not known yet is not hidden", async () => {
  const answers = [
    { auth: "builtin", rights: ["view"], name: "Ben", role: "guest" },
    { auth: "builtin", rights: [], name: null, role: null },
  ];
  const session = new Session({ session: async () => answers.shift() });
  let changes = 0;
  session.addEventListener("change", () => (changes += 1));
  assert.equal(session.may("record"), true);
  await session.load();
  assert.deepEqual([session.may("view"), session.may("record")], [true, false]);
  assert.deepEqual([session.name, session.isSignedIn, changes], ["Ben", true, 1]);
  await session.load();
  assert.deepEqual([session.isSignedIn, changes], [false, 2]);
});

globalThis.navigator ??= { userAgent: "Firefox/136.0 Linux" };

for (const [who, isMeant, signsIn] of [
  [null, undefined, true],
  ["Anna", false, false],
  ["Anna", true, true],
]) {
  test(`a link is used by ${who ?? "nobody"}, who ${isMeant ? "means" : "does not mean"} it`, async () => {
    const used = [];
    const asked = [];
    const session = new Session({
      session: async () => ({ auth: "builtin", rights: [], name: who, role: who && "owner" }),
      signIn: async ({ invitation }) => used.push(invitation),
    });
    await session.start("secret", async (name) => asked.push(name) && isMeant);
    assert.deepEqual(used, signsIn ? ["secret"] : []);
    assert.deepEqual(asked, who ? [who] : []);
  });
}
