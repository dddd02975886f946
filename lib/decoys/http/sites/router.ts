/**
 * `site: router`: the setup pages of an access router.
 * @module
 */
import { html, type SiteDesign } from "./design.ts";
import { drawIcon } from "./icon.ts";
import type { Persona } from "./persona.ts";

/** Makes the site of a persona. */
export function router(persona: Persona): SiteDesign {
  const model = persona.choose("router model", [
    "VR-2600",
    "VR-3410ac",
    "VR-1200v",
    "VR-5400ax",
    "XR-900",
  ]);
  const firmware = `V${
    persona.choose("router firmware", ["2.1.14", "2.3.07", "3.0.02", "3.0.11"])
  }_${persona.digits("router build", 6)}`;
  const page = (isFailed: boolean) => document(persona, { model, firmware, isFailed });
  return {
    files: {
      "/index.html": page(false),
      "/css/main.css": stylesheet(persona),
      "/img/brand.svg": brand(persona),
      "/favicon.ico": drawIcon((x, y) => {
        const [dx, dy] = [x - 0.5, y - 0.78];
        const radius = Math.hypot(dx, dy);
        const isArc = dy < -Math.abs(dx) * 0.75 &&
          (Math.abs(radius - 0.3) < 0.06 || Math.abs(radius - 0.55) < 0.06);
        return radius < 0.1 || isArc ? "figure" : "none";
      }, { ground: [255, 255, 255], figure: persona.accent }),
      "/robots.txt": "User-agent: *\nDisallow: /\n",
    },
    loginPath: "/login.cgi",
    appPaths: [
      "/status.cgi",
      "/wan.cgi",
      "/wlan.cgi",
      "/reboot.cgi",
      "/upgrade.cgi",
      "/backup.cgi",
    ],
    homePath: "/index.html",
    headers: (sessionId) => [
      ["Set-Cookie", `SESSIONID=${sessionId.slice(0, 16).toUpperCase()}; path=/`],
      ["Cache-Control", "no-cache"],
      ["Pragma", "no-cache"],
    ],
    failure: () => ({ status: 200, headers: [], type: "text/html", body: page(true) }),
    pauseMs: [600, 1200],
  };
}

function document(
  persona: Persona,
  { model, firmware, isFailed }: { model: string; firmware: string; isFailed: boolean },
): string {
  const serial = persona.digits("router serial", 10).toUpperCase();
  return `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tavikon ${model} - Login</title>
<link rel="icon" href="/favicon.ico">
<link rel="stylesheet" type="text/css" href="/css/main.css">
</head>
<body>
<div id="top"><img src="/img/brand.svg" alt="Tavikon" width="150" height="34"><span>${model} Wireless Router</span></div>
<div id="content">
  <div class="box">
    <h1>Login</h1>
    <p>Enter the administrator name and password to open the setup pages.</p>
${
    isFailed
      ? `    <div class="warn">Login failed: wrong user name or password. The device is locked for 5 minutes after 6 failures.</div>\n`
      : ""
  }    <form method="post" action="/login.cgi" autocomplete="off">
      <table>
        <tr><td><label for="user">User name</label></td><td><input type="text" id="user" name="user" value="" maxlength="32"></td></tr>
        <tr><td><label for="psw">Password</label></td><td><input type="password" id="psw" name="psw" maxlength="64"></td></tr>
        <tr><td></td><td><input type="hidden" name="lang" value="en"><input type="submit" class="btn" value="Log in"></td></tr>
      </table>
    </form>
  </div>
  <table class="info">
    <tr><th>Host name</th><td>${html(persona.hostname)}</td></tr>
    <tr><th>Firmware</th><td>${firmware}</td></tr>
    <tr><th>Serial number</th><td>${serial}</td></tr>
  </table>
</div>
<div id="foot">Tavikon Communications. The default password is printed on the label under the device.</div>
</body>
</html>
`;
}

function stylesheet({ accentCss, accentDarkCss }: Persona): string {
  return `body { margin: 0; background: #f4f4f2; color: #333; font: 14px/1.45 Arial, Helvetica, sans-serif; }
#top {
  display: flex; align-items: center; justify-content: space-between; padding: 14px 32px;
  background: linear-gradient(#fff, #ececea); border-bottom: 4px solid ${accentCss};
}
#top span { color: #666; font-size: 15px; }
#content { max-width: 560px; margin: 48px auto; padding: 0 16px; }
.box { background: #fff; border: 1px solid #cfcfca; border-top: 3px solid ${accentDarkCss}; padding: 22px 28px 26px; }
.box h1 { margin: 0 0 6px; font-size: 20px; font-weight: normal; color: ${accentDarkCss}; }
.box p { margin: 0 0 18px; color: #666; }
.box table { width: 100%; border-spacing: 0 10px; }
.box td:first-child { width: 120px; }
input[type=text], input[type=password] { width: 100%; box-sizing: border-box; padding: 7px 8px; border: 1px solid #aaa; font: inherit; }
.btn { padding: 8px 26px; border: 1px solid ${accentDarkCss}; background: ${accentCss}; color: #fff; font: inherit; cursor: pointer; }
.btn:hover { background: ${accentDarkCss}; }
.warn { padding: 9px 12px; margin-bottom: 8px; background: #fff4d6; border: 1px solid #e0b94a; color: #6b4e00; }
.info { width: 100%; margin-top: 22px; border-collapse: collapse; font-size: 13px; color: #555; }
.info th { text-align: left; font-weight: normal; color: #888; width: 130px; }
.info th, .info td { padding: 5px 4px; border-bottom: 1px solid #deded9; }
#foot { text-align: center; font-size: 12px; color: #8a8a85; padding: 20px; }
`;
}

function brand({ accentCss }: Persona): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="150" height="34" viewBox="0 0 150 34"><g fill="none" stroke="${accentCss}" stroke-width="3" stroke-linecap="round"><path d="M6 15a14 14 0 0 1 22 0"/><path d="M11 20a8 8 0 0 1 12 0"/></g><circle cx="17" cy="26" r="3" fill="${accentCss}"/><text x="40" y="25" font-family="Trebuchet MS, Arial, sans-serif" font-size="22" font-weight="bold" fill="#3a3a3a">Tavikon</text></svg>\n`;
}
