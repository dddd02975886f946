/**
 * The error pages of Squid 5.7 in English, as Debian's package has them.
 *
 * In the templates `%U` stands for the URL without its query, `%u` with it, `%R` for the request, `%M`
 * for its method, `%P` for its protocol.
 * @module
 */

/** A page, by the name that Squid gives it. */
export type PageName =
  | "ERR_ACCESS_DENIED"
  | "ERR_CACHE_ACCESS_DENIED"
  | "ERR_INVALID_REQ"
  | "ERR_INVALID_URL"
  | "ERR_PROTOCOL_UNKNOWN"
  | "ERR_TOO_BIG"
  | "ERR_UNSUP_HTTPVERSION"
  | "ERR_UNSUP_REQ";

/** What a page shows, one character a byte. */
export interface PageValues {
  readonly url: string;
  readonly fullUrl?: string;
  /** Makes the request that some pages show. */
  readonly request?: () => string;
  readonly method?: string;
  readonly protocol?: string;
  readonly date: string;
  readonly hostname: string;
  /** Whether the page of a language was asked for; it differs from the default by two quotes. */
  readonly isNegotiated: boolean;
}

/**
 * Makes a page.
 * @param name which one.
 * @param values what it shows; escaped here.
 * @returns HTML, one character a byte.
 */
export function makePage(name: PageName, values: PageValues): string {
  const { title = TITLE, heading = HEADING, content, gap = "" } = PAGES[name];
  const shown = content.replace(
    /%([UuRMP])/g,
    (_, key: string) => escapeHtml(valueOf(key, values)),
  );
  const id = values.isNegotiated ? `"${name}"` : name;
  return `${BEFORE_TITLE}${title}${BEFORE_STYLE}${
    name === "ERR_ACCESS_DENIED" ? "" : " "
  }${STYLE}${id}` +
    `${BEFORE_HEADING}${heading}${AFTER_HEADING}${shown}<hr>${gap}` +
    `\n<div id="footer">\n<p>Generated ${values.date} by ${values.hostname} (squid/5.7)</p>\n` +
    `<!-- ${name} -->\n</div>\n</body></html>\n`;
}

/** What stands for a letter in a template. */
function valueOf(key: string, values: PageValues): string {
  switch (key) {
    case "U":
      return values.url;
    case "u":
      return values.fullUrl ?? values.url;
    case "R":
      return values.request?.() ?? "[no request]";
    case "M":
      return values.method ?? "[unknown method]";
    default:
      return values.protocol ?? "[unknown protocol]";
  }
}

/** As Squid writes a peer's text into HTML. */
export function escapeHtml(text: string): string {
  // deno-lint-ignore no-control-regex -- bytes
  return text.replace(/[<>"&'\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]/g, (character) => {
    const code = character.charCodeAt(0);
    return ENTITIES[character] ?? `&#${code};`;
  });
}

const ENTITIES: Record<string, string> = {
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "&": "&amp;",
  "'": "&#39;",
};

const TITLE = "ERROR: The requested URL could not be retrieved";
const HEADING = "The requested URL could not be retrieved";

const BEFORE_TITLE =
  `<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head>
<meta type="copyright" content="Copyright (C) 1996-2021 The Squid Software Foundation and contributors">
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<title>`;
const BEFORE_STYLE = `</title>
<style type="text/css"><!--`;
const STYLE = `
 /*
 * Copyright (C) 1996-2022 The Squid Software Foundation and contributors
 *
 * Squid software is distributed under GPLv2+ license and includes
 * contributions from numerous individuals and organizations.
 * Please see the COPYING and CONTRIBUTORS files for details.
 */

/*
 Stylesheet for Squid Error pages
 Adapted from design by Free CSS Templates
 http://www.freecsstemplates.org
 Released for free under a Creative Commons Attribution 2.5 License
*/

/* Page basics */
* {
	font-family: verdana, sans-serif;
}

html body {
	margin: 0;
	padding: 0;
	background: #efefef;
	font-size: 12px;
	color: #1e1e1e;
}

/* Page displayed title area */
#titles {
	margin-left: 15px;
	padding: 10px;
	padding-left: 100px;
	background: url('/squid-internal-static/icons/SN.png') no-repeat left;
}

/* initial title */
#titles h1 {
	color: #000000;
}
#titles h2 {
	color: #000000;
}

/* special event: FTP success page titles */
#titles ftpsuccess {
	background-color:#00ff00;
	width:100%;
}

/* Page displayed body content area */
#content {
	padding: 10px;
	background: #ffffff;
}

/* General text */
p {
}

/* error brief description */
#error p {
}

/* some data which may have caused the problem */
#data {
}

/* the error message received from the system or other software */
#sysmsg {
}

pre {
}

/* special event: FTP / Gopher directory listing */
#dirmsg {
    font-family: courier, monospace;
    color: black;
    font-size: 10pt;
}
#dirlisting {
    margin-left: 2%;
    margin-right: 2%;
}
#dirlisting tr.entry td.icon,td.filename,td.size,td.date {
    border-bottom: groove;
}
#dirlisting td.size {
    width: 50px;
    text-align: right;
    padding-right: 5px;
}

/* horizontal lines */
hr {
	margin: 0;
}

/* page displayed footer area */
#footer {
	font-size: 9px;
	padding-left: 10px;
}


body
:lang(fa) { direction: rtl; font-size: 100%; font-family: Tahoma, Roya, sans-serif; float: right; }
:lang(he) { direction: rtl; }
 --></style>
</head><body id=`;
const BEFORE_HEADING = `>
<div id="titles">
<h1>ERROR</h1>
<h2>`;
const AFTER_HEADING = `</h2>
</div>
<hr>

`;
const FAILED_URL =
  `<p>The following error was encountered while trying to retrieve the URL: <a href="%U">%U</a></p>

`;
const ADMINISTRATOR = `<p>Your cache administrator is <a href="mailto:webmaster">webmaster</a>.</p>
<br>
</div>

`;

/** What tells one page from the others. */
const PAGES: Record<
  PageName,
  { title?: string; heading?: string; content: string; gap?: string }
> = {
  ERR_ACCESS_DENIED: {
    content: `<div id="content">
${FAILED_URL}<blockquote id="error">
<p><b>Access Denied.</b></p>
</blockquote>

<p>Access control configuration prevents your request from being allowed at this time. Please contact your service provider if you feel this is incorrect.</p>

${ADMINISTRATOR}`,
  },
  ERR_CACHE_ACCESS_DENIED: {
    title: `ERROR: Cache Access Denied`,
    heading: `Cache Access Denied.`,
    content: `<div id="content">
${FAILED_URL}<blockquote id="error">
<p><b>Cache Access Denied.</b></p>
</blockquote>

<p>Sorry, you are not currently allowed to request %U from this cache until you have authenticated yourself.</p>

<p>Please contact the <a href="mailto:webmaster">cache administrator</a> if you have difficulties authenticating yourself.</p>

<br>
</div>

`,
    gap: " ",
  },
  ERR_INVALID_REQ: {
    content: `<div id="content">
<p><b>Invalid Request</b> error was encountered while trying to process the request:</p>

<blockquote id="data">
<pre>%R</pre>
</blockquote>

<p>Some possible problems are:</p>
<ul>
<li id="missing-method"><p>Missing or unknown request method.</p></li>
<li id="missing-url"><p>Missing URL.</p></li>
<li id="missing-protocol"><p>Missing HTTP Identifier (HTTP/1.0).</p></li>
<li><p>Request is too large.</p></li>
<li><p>Content-Length missing for POST or PUT requests.</p></li>
<li><p>Illegal character in hostname; underscores are not allowed.</p></li>
<li><p>HTTP/1.1 <q>Expect:</q> feature is being asked from an HTTP/1.0 software.</p></li>
</ul>

${ADMINISTRATOR}<script language="javascript">
if ('%M' != '[unknown method]') document.getElementById('missing-method').style.display = 'none';
if ('%u' != '[no URL]') document.getElementById('missing-url').style.display = 'none';
if ('%P' != '[unknown protocol]') document.getElementById('missing-protocol').style.display = 'none';
</script>

`,
  },
  ERR_INVALID_URL: {
    content: `<div id="content">
${FAILED_URL}<blockquote id="error">
<p><b>Invalid URL</b></p>
</blockquote>

<p>Some aspect of the requested URL is incorrect.</p>

<p>Some possible problems are:</p>
<ul>
<li><p>Missing or incorrect access protocol (should be <q>http://</q> or similar)</p></li>
<li><p>Missing hostname</p></li>
<li><p>Illegal double-escape in the URL-Path</p></li>
<li><p>Illegal character in hostname; underscores are not allowed.</p></li>
</ul>

${ADMINISTRATOR}`,
  },
  ERR_PROTOCOL_UNKNOWN: {
    content: `<div id="content">
${FAILED_URL}<blockquote id="error">
<p><b>Unsupported Protocol</b></p>
</blockquote>

<p>Squid does not support some access protocols. For example, the SSH protocol is currently not supported.</p>

${ADMINISTRATOR}`,
  },
  ERR_TOO_BIG: {
    content: `<div id="content">
${FAILED_URL}<blockquote id="error">
<p><b>The request or reply is too large.</b></p>
</blockquote>

<p>If you are making a POST or PUT request, then the item you are trying to upload is too large.</p>
<p>If you are making a GET request, then the item you are trying to download is too large.</p>
<p>These limits have been established by the Internet Service Provider who operates this cache. Please contact them directly if you feel this is an error.</p>

${ADMINISTRATOR}`,
  },
  ERR_UNSUP_HTTPVERSION: {
    heading: `Unsupported HTTP version`,
    content: `<div id="content">
${FAILED_URL}<blockquote id="error">
<p><b>Unsupported HTTP version</b></p>
</blockquote>

<p>This Squid does not accept the HTTP version you are attempting to use.</p>

${ADMINISTRATOR}`,
  },
  ERR_UNSUP_REQ: {
    content: `<div id="content">
${FAILED_URL}<blockquote id="error">
<p><b>Unsupported Request Method and Protocol</b></p>
</blockquote>

<p>Squid does not support all request methods for all access protocols. For example, you can not POST a Gopher request.</p>

${ADMINISTRATOR}`,
  },
};
