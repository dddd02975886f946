/**
 * `site: intranet`: the staff portal of a middling company, a PHP application.
 * @module
 */
import { html, phpHeaders, phpSessionId, type SiteDesign } from "./design.ts";
import { drawIcon } from "./icon.ts";
import type { Persona } from "./persona.ts";

/** Makes the site of a persona. */
export function intranet(persona: Persona): SiteDesign {
  const css = `/assets/css/portal.${persona.digits("intranet css", 8)}.css`;
  const logo = "/assets/img/mark.svg";
  const page = (error: string) => document(persona, { css, logo, error });
  return {
    files: {
      "/index.html": page(""),
      [css]: stylesheet(persona),
      [logo]: mark(persona),
      "/favicon.ico": drawIcon((x, y) => {
        if (Math.max(Math.abs(x - 0.5), Math.abs(y - 0.5)) > 0.47) return "none";
        return Math.abs(x - 0.5) < 0.28 &&
              (Math.abs(y - 0.34) < 0.07 || Math.abs(y - 0.66) < 0.07) ||
            Math.abs(x - y) < 0.1 && Math.abs(y - 0.5) < 0.2
          ? "figure"
          : "ground";
      }, { ground: persona.accent, figure: [255, 255, 255] }),
      "/robots.txt": "User-agent: *\nDisallow: /\n",
    },
    loginPath: "/login.php",
    appPaths: ["/logout.php", "/reset.php", "/home.php"],
    homePath: "/",
    headers: (sessionId) => phpHeaders(`PHPSESSID=${phpSessionId(sessionId)}; path=/; HttpOnly`),
    failure: () => ({
      status: 200,
      headers: [],
      type: "text/html; charset=UTF-8",
      body: page("The user name or password you entered is not correct."),
    }),
    pauseMs: [350, 900],
  };
}

function document(
  persona: Persona,
  { css, logo, error }: { css: string; logo: string; error: string },
): string {
  const name = html(persona.organization);
  const year = new Date(persona.modifiedMs).getUTCFullYear();
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex, nofollow">
  <title>Sign in | ${name} Staff Portal</title>
  <link rel="icon" href="/favicon.ico">
  <link rel="stylesheet" href="${css}">
</head>
<body>
  <header class="bar">
    <img src="${logo}" alt="" width="30" height="30">
    <span class="org">${name}</span>
    <span class="app">Staff Portal</span>
  </header>
  <main>
    <section class="intro">
      <h1>Everything for your working day, in one place.</h1>
      <ul>
        <li>Time sheets and leave</li>
        <li>Purchase requests and approvals</li>
        <li>Shared documents and the phone book</li>
      </ul>
      <p class="note">Site notices are posted on Mondays. Please keep your contact details up to date.</p>
    </section>
    <section class="card">
      <h2>Sign in</h2>
      <p class="hint">Use your network account.</p>
${
    error === ""
      ? ""
      : `      <p class="error" role="alert">${error}</p>\n`
  }      <form method="post" action="/login.php">
        <label for="username">User name</label>
        <input id="username" name="username" autocomplete="username" autocapitalize="none" required autofocus>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required>
        <label class="check"><input type="checkbox" name="remember" value="1"> Keep me signed in on this computer</label>
        <button type="submit">Sign in</button>
      </form>
      <p class="links"><a href="/reset.php">Forgot your password?</a> Service desk: extension ${
    2000 + parseInt(persona.digits("extension", 3), 16) % 7000
  }</p>
    </section>
  </main>
  <footer>&copy; ${year} ${name}. For authorised staff only. Activity on this system is recorded.</footer>
</body>
</html>
`;
}

function stylesheet({ accentCss, accentDarkCss }: Persona): string {
  return `:root { --accent: ${accentCss}; --accent-dark: ${accentDarkCss}; }
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column;
  background: #eef1f4; color: #22303c; font: 16px/1.5 "Segoe UI", "Helvetica Neue", Arial, sans-serif;
}
.bar {
  display: flex; align-items: center; gap: 12px; padding: 14px 28px;
  background: #fff; border-bottom: 3px solid var(--accent);
}
.bar .org { font-weight: 600; font-size: 18px; }
.bar .app { color: #6a7885; padding-left: 12px; border-left: 1px solid #cfd6dd; }
main {
  flex: 1; width: 100%; max-width: 1040px; margin: 0 auto; padding: 56px 28px;
  display: grid; grid-template-columns: 1fr 380px; gap: 64px; align-items: center;
}
.intro h1 { margin: 0 0 20px; font-size: 34px; line-height: 1.2; font-weight: 600; color: var(--accent-dark); }
.intro ul { margin: 0 0 24px; padding: 0; list-style: none; }
.intro li { padding: 8px 0 8px 26px; border-bottom: 1px solid #d9dfe5; position: relative; }
.intro li::before {
  content: ""; position: absolute; left: 2px; top: 16px; width: 9px; height: 9px;
  background: var(--accent); border-radius: 2px;
}
.note, .hint { color: #5d6b78; font-size: 14px; }
.card { background: #fff; padding: 32px; border-radius: 6px; box-shadow: 0 2px 14px rgba(20, 40, 60, .12); }
.card h2 { margin: 0; font-size: 22px; font-weight: 600; }
.hint { margin: 2px 0 20px; }
label { display: block; margin: 14px 0 5px; font-size: 14px; font-weight: 600; }
input:not([type=checkbox]) {
  width: 100%; padding: 10px 12px; border: 1px solid #b9c3cd; border-radius: 4px; font: inherit;
}
input:focus { outline: 2px solid var(--accent); outline-offset: 1px; }
.check { font-weight: 400; display: flex; gap: 8px; align-items: center; }
button {
  width: 100%; margin-top: 20px; padding: 11px; border: 0; border-radius: 4px;
  background: var(--accent); color: #fff; font: inherit; font-weight: 600; cursor: pointer;
}
button:hover { background: var(--accent-dark); }
.error { margin: 0 0 6px; padding: 10px 12px; background: #fdecec; border-left: 4px solid #c0392b; font-size: 14px; }
.links { margin: 18px 0 0; font-size: 13px; color: #6a7885; display: flex; justify-content: space-between; gap: 12px; }
a { color: var(--accent); }
footer { padding: 18px 28px; font-size: 12px; color: #75828e; text-align: center; }
@media (max-width: 820px) {
  main { grid-template-columns: 1fr; gap: 28px; padding: 28px 18px; }
  .intro ul, .note { display: none; }
}
`;
}

function mark({ accentCss }: Persona): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="1" y="1" width="30" height="30" rx="5" fill="${accentCss}"/><path d="M8 11h16M8 21h16M11 11l10 10" stroke="#fff" stroke-width="3" fill="none" stroke-linecap="round"/></svg>\n`;
}
