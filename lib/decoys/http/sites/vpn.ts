/**
 * `site: vpn`: the portal of a remote access gateway.
 * @module
 */
import { html, type SiteDesign } from "./design.ts";
import { drawIcon } from "./icon.ts";
import type { Persona } from "./persona.ts";

/** Makes the site of a persona. */
export function vpn(persona: Persona): SiteDesign {
  const tag = persona.digits("vpn assets", 10);
  const page = (error: string) => document(persona, { tag, error });
  return {
    files: {
      "/index.html": page(""),
      "/portal/index.html": page(""),
      [`/portal/static/${tag}/gateway.css`]: stylesheet(persona),
      [`/portal/static/${tag}/shield.svg`]: shield(),
      "/favicon.ico": drawIcon((x, y) => {
        const width = y < 0.45 ? 0.38 : 0.38 * Math.sqrt(Math.max(0, 1 - ((y - 0.45) / 0.5) ** 2));
        if (y < 0.08 || Math.abs(x - 0.5) > width) return "none";
        const isHole = Math.hypot(x - 0.5, y - 0.42) < 0.1 ||
          (Math.abs(x - 0.5) < 0.05 && y > 0.42 && y < 0.68);
        return isHole ? "figure" : "ground";
      }, { ground: persona.accent, figure: [255, 255, 255] }),
      "/robots.txt": "User-agent: *\nDisallow: /\n",
    },
    loginPath: "/portal/auth/login",
    appPaths: ["/portal/auth/logout", "/portal/auth/challenge", "/portal/home", "/portal/download"],
    homePath: "/portal/",
    headers: (sessionId, isSecure) => [
      [
        "Set-Cookie",
        `AGSESSION=${sessionId}; Path=/portal;${
          isSecure ? " Secure;" : ""
        } HttpOnly; SameSite=Strict`,
      ],
      ["Cache-Control", "no-store, max-age=0"],
      ["X-Frame-Options", "DENY"],
    ],
    failure: () => ({
      status: 200,
      headers: [],
      type: "text/html; charset=utf-8",
      body: page("Sign-in failed. Check your user name, password and realm, and try again."),
    }),
    pauseMs: [1000, 2200],
  };
}

function document(persona: Persona, { tag, error }: { tag: string; error: string }): string {
  const name = html(persona.organization);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${name} - Remote Access</title>
<link rel="icon" href="/favicon.ico">
<link rel="stylesheet" href="/portal/static/${tag}/gateway.css">
</head>
<body>
<div class="side">
  <img src="/portal/static/${tag}/shield.svg" alt="" width="72" height="84">
  <h1>${name}</h1>
  <p>Remote Access Gateway</p>
</div>
<div class="main">
  <form method="post" action="/portal/auth/login" autocomplete="off">
    <h2>Sign in to connect</h2>
${
    error === ""
      ? ""
      : `    <div class="alert" role="alert">${error}</div>\n`
  }    <label>User name<input name="username" type="text" autocapitalize="none" spellcheck="false" required autofocus></label>
    <label>Password<input name="password" type="password" required></label>
    <label>Realm<select name="realm"><option value="employees">Employees</option><option value="partners">Partners</option><option value="it-admin">IT administration</option></select></label>
    <input type="hidden" name="tz" value="0">
    <button type="submit">Sign in</button>
    <p class="small">You will be asked for a one-time code on your registered device.</p>
  </form>
  <p class="legal">This system is for authorised use only. By signing in you agree to the acceptable use policy of ${name}.</p>
</div>
</body>
</html>
`;
}

function stylesheet({ accentCss, accentDarkCss }: Persona): string {
  return `* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; font: 15px/1.5 system-ui, "Segoe UI", Roboto, Arial, sans-serif; color: #1f2933; background: #fff; }
.side {
  flex: 0 0 38%; display: flex; flex-direction: column; align-items: center; justify-content: center;
  background: linear-gradient(160deg, ${accentDarkCss}, ${accentCss}); color: #fff; text-align: center; padding: 32px;
}
.side h1 { margin: 22px 0 2px; font-size: 26px; font-weight: 600; }
.side p { margin: 0; opacity: .85; letter-spacing: .08em; text-transform: uppercase; font-size: 13px; }
.main { flex: 1; display: flex; flex-direction: column; align-items: center; justify-content: center; padding: 32px; }
form { width: 100%; max-width: 360px; }
h2 { margin: 0 0 22px; font-size: 22px; font-weight: 600; }
label { display: block; margin-bottom: 16px; font-size: 13px; font-weight: 600; color: #52606d; }
input:not([type=hidden]), select {
  display: block; width: 100%; margin-top: 5px; padding: 10px; border: 1px solid #9aa5b1; border-radius: 3px;
  background: #fff; font: inherit; font-size: 15px; color: #1f2933;
}
input:focus, select:focus { border-color: ${accentCss}; outline: 1px solid ${accentCss}; }
button { width: 100%; padding: 11px; border: 0; border-radius: 3px; background: ${accentCss}; color: #fff; font: inherit; font-weight: 600; cursor: pointer; }
button:hover { background: ${accentDarkCss}; }
.alert { margin-bottom: 18px; padding: 10px 12px; border-radius: 3px; background: #ffe3e3; color: #8a1c1c; font-size: 14px; }
.small { margin: 14px 0 0; font-size: 13px; color: #7b8794; }
.legal { max-width: 360px; margin: 40px 0 0; font-size: 12px; color: #9aa5b1; }
@media (max-width: 760px) { body { flex-direction: column; } .side { flex: 0 0 auto; padding: 24px; } }
`;
}

function shield(): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="72" height="84" viewBox="0 0 72 84"><path d="M36 3 67 14v26c0 20-13 34-31 41C18 74 5 60 5 40V14z" fill="none" stroke="#fff" stroke-width="4" stroke-linejoin="round"/><circle cx="36" cy="36" r="8" fill="#fff"/><path d="M36 40v18" stroke="#fff" stroke-width="6" stroke-linecap="round"/></svg>\n`;
}
