/**
 * `site: nas`: the desktop of a small storage box; its script posts to an interface of its own.
 * @module
 */
import { html, type SiteDesign } from "./design.ts";
import { drawIcon } from "./icon.ts";
import type { Persona } from "./persona.ts";

/** Makes the site of a persona. */
export function nas(persona: Persona): SiteDesign {
  const model = persona.choose("nas model", ["LB-214", "LB-420", "LB-422+", "LB-620", "LB-818"]);
  const build = 40_000 + parseInt(persona.digits("nas build", 4), 16) % 9000;
  const name = persona.hostname.toUpperCase();
  const version = `${persona.choose("nas version", ["4.1.2", "4.2.0", "4.2.3", "4.3.1"])}-${build}`;
  const css = `/ui/login.css`;
  const script = `/ui/login.js`;
  return {
    files: {
      "/index.html": document(persona, { model, name, version }),
      [css]: stylesheet(persona),
      [script]: SCRIPT,
      "/ui/logo.svg": logo(),
      "/favicon.ico": drawIcon((x, y) => {
        const inside = x > 0.12 && x < 0.88 && y > 0.06 && y < 0.94;
        if (!inside) return "none";
        const isSlot = x > 0.24 && x < 0.64 &&
          (Math.abs(y - 0.3) < 0.07 || Math.abs(y - 0.52) < 0.07 ||
            Math.abs(y - 0.74) < 0.07);
        return isSlot || Math.hypot(x - 0.76, y - 0.3) < 0.05 ? "figure" : "ground";
      }, { ground: persona.accent, figure: [255, 255, 255] }),
      "/robots.txt": "User-agent: *\nDisallow: /\n",
    },
    loginPath: "/api/v2/session",
    appPaths: ["/api/v2/system", "/api/v2/shares", "/api/v2/info"],
    homePath: "/",
    headers: (sessionId, isSecure) => [
      [
        "Set-Cookie",
        `lb_sid=${sessionId}; Path=/;${isSecure ? " Secure;" : ""} HttpOnly; SameSite=Lax`,
      ],
      ["X-Content-Type-Options", "nosniff"],
      ["X-Frame-Options", "SAMEORIGIN"],
      ["Cache-Control", "no-store"],
    ],
    failure: () => ({
      status: 200,
      headers: [],
      type: "application/json; charset=utf-8",
      body: `{"success":false,"error":{"code":1402,"message":"login.bad_credentials"}}`,
    }),
    pauseMs: [800, 1600],
  };
}

function document(
  persona: Persona,
  { model, name, version }: { model: string; name: string; version: string },
): string {
  const tag = persona.digits("nas assets", 6);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${html(name)} - Lodebox ${model}</title>
<link rel="shortcut icon" href="/favicon.ico">
<link rel="stylesheet" href="/ui/login.css?v=${tag}">
</head>
<body>
<div class="panel">
  <img class="logo" src="/ui/logo.svg" alt="Lodebox" width="168" height="44">
  <div class="unit"><b>${html(name)}</b><span>${model}</span></div>
  <form id="login" method="post" action="/api/v2/session">
    <div class="field"><input name="account" id="account" autocomplete="username" autocapitalize="none" required placeholder="User name"></div>
    <div class="field"><input name="passwd" id="passwd" type="password" autocomplete="current-password" placeholder="Password"></div>
    <label class="stay"><input type="checkbox" name="stay" value="true"> Stay signed in</label>
    <p id="message" role="alert" hidden></p>
    <button type="submit">Sign in</button>
  </form>
</div>
<footer>LodeOS ${version}</footer>
<script src="/ui/login.js?v=${tag}"></script>
</body>
</html>
`;
}

/** Posts the form and shows what came back. */
const SCRIPT = `(function () {
  "use strict";
  var form = document.getElementById("login");
  var message = document.getElementById("message");
  var button = form.querySelector("button");
  var TEXTS = {
    1402: "Wrong user name or password.",
    1407: "Too many attempts from this address. Try again later.",
    1409: "This account is disabled."
  };
  function show(text) {
    message.textContent = text;
    message.hidden = false;
  }
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    message.hidden = true;
    button.disabled = true;
    var request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Content-Type", "application/json");
    request.onload = function () {
      button.disabled = false;
      try {
        var answer = JSON.parse(request.responseText);
        if (answer.success) { location.href = "/desktop/"; return; }
        show(TEXTS[answer.error.code] || "Sign-in failed.");
      } catch (error) {
        show("The device did not answer as expected.");
      }
      form.passwd.value = "";
      form.passwd.focus();
    };
    request.onerror = function () {
      button.disabled = false;
      show("The device cannot be reached.");
    };
    request.send(JSON.stringify({
      account: form.account.value,
      passwd: form.passwd.value,
      stay: form.stay.checked
    }));
  });
  form.account.focus();
})();
`;

function stylesheet({ accentCss, accentDarkCss }: Persona): string {
  return `html, body { height: 100%; margin: 0; }
body {
  display: flex; flex-direction: column; align-items: center; justify-content: center;
  font: 15px/1.4 "Open Sans", "Segoe UI", Roboto, sans-serif; color: #fff;
  background: radial-gradient(circle at 22% 18%, rgba(255, 255, 255, .18), transparent 42%),
    radial-gradient(circle at 82% 86%, rgba(0, 0, 0, .28), transparent 46%),
    linear-gradient(150deg, ${accentCss}, ${accentDarkCss} 70%);
}
.panel {
  width: 340px; padding: 36px 34px 30px; text-align: center; border-radius: 14px;
  background: rgba(12, 20, 28, .42); box-shadow: 0 18px 50px rgba(0, 0, 0, .35);
}
.logo { display: block; margin: 0 auto 18px; }
.unit { margin-bottom: 22px; }
.unit b { display: block; font-size: 20px; letter-spacing: .04em; }
.unit span { opacity: .75; font-size: 13px; }
.field { border-bottom: 1px solid rgba(255, 255, 255, .45); margin-bottom: 14px; }
.field input {
  width: 100%; box-sizing: border-box; padding: 9px 4px; border: 0; outline: 0;
  background: none; color: #fff; font: inherit;
}
.field:focus-within { border-color: #fff; }
input::placeholder { color: rgba(255, 255, 255, .66); }
.stay { display: flex; align-items: center; gap: 7px; font-size: 13px; opacity: .9; text-align: left; }
button {
  width: 100%; margin-top: 20px; padding: 10px; border: 0; border-radius: 22px; cursor: pointer;
  background: #fff; color: ${accentDarkCss}; font: inherit; font-weight: 600;
}
button:disabled { opacity: .6; cursor: default; }
#message { margin: 16px 0 0; padding: 8px 10px; border-radius: 6px; background: rgba(190, 40, 40, .85); font-size: 13px; }
footer { position: fixed; bottom: 16px; font-size: 12px; opacity: .7; }
`;
}

function logo(): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="168" height="44" viewBox="0 0 168 44"><rect x="2" y="5" width="34" height="34" rx="6" fill="none" stroke="#fff" stroke-width="2.6"/><path d="M9 15h14M9 22h14M9 29h14" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/><circle cx="29.5" cy="15" r="1.9" fill="#fff"/><circle cx="29.5" cy="22" r="1.9" fill="#fff"/><text x="48" y="30" font-family="Verdana, sans-serif" font-size="23" fill="#fff">lodebox</text></svg>\n`;
}
