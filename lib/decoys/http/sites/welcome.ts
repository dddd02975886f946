/**
 * The page that a freshly installed server shows.
 * @module
 */
import { SiteFile } from "../site.ts";

/** `index.nginx-debian.html` of Debian's nginx-common 1.22.1 (BSD licence), byte for byte. */
const NGINX_PAGE = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href="http://nginx.org/">nginx.org</a>.<br/>
Commercial support is available at
<a href="http://nginx.com/">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
`;

/** A page of an administrator's own, as small hosts have it: Apache's is long and not ours. */
const APACHE_PAGE = `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Apache2 Debian Default Page: It works</title>
    <style>
      body { background: #d8dbe2; font: 11pt Verdana, sans-serif; margin: 0; }
      main { background: #fff; border: 2px solid #212738; margin: 1em auto; width: 800px; }
      h1 { background: #f5f6f7; font-size: 180%; margin: 0; padding: 30px 40px; }
      h2 { background: #cd214f; color: #fff; font-size: 112%; margin: 0; padding: 4px; text-align: center; }
      p { margin: 1em 2em; }
    </style>
  </head>
  <body>
    <main>
      <h1>Apache2 Debian Default Page</h1>
      <h2>It works!</h2>
      <p>The web server of this host is installed and running. No site has been set up yet: the files
        of one belong into <tt>/var/www/html</tt>, where this page is.</p>
      <p>The configuration is in <tt>/etc/apache2</tt>. Sites and modules are enabled by
        <tt>a2ensite</tt> and <tt>a2enmod</tt>.</p>
    </main>
  </body>
</html>
`;

/**
 * The files of a fresh server.
 * @param product whose.
 * @param modifiedMs when it was installed.
 */
export function welcomeFiles(product: "nginx" | "apache", modifiedMs: number): SiteFile[] {
  const encoder = new TextEncoder();
  return product === "nginx"
    ? [new SiteFile("/index.nginx-debian.html", encoder.encode(NGINX_PAGE), modifiedMs)]
    : [new SiteFile("/index.html", encoder.encode(APACHE_PAGE), modifiedMs)];
}
