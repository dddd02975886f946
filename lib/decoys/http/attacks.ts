/**
 * Targets that are known from attacks and from scanners: what nobody asks for by accident.
 * @module
 */

/** Of the path, percent signs decoded, in lower case. */
const PATHS: readonly RegExp[] = [
  // Traversal and files of the system.
  /\.\.[/\\]|[/\\]\.\.|\.%2e|%2e\.|%c0%ae|\/etc\/(?:passwd|shadow|hosts)|\/proc\/self|win\.ini|boot\.ini/,
  // Secrets, repositories and backups left in the document root.
  /\/\.(?:env|git|svn|hg|aws|ssh|docker|kube|vscode|idea|npmrc|htpasswd|htaccess|bash_history|ds_store|s3cfg|boto)\b/,
  /\/(?:wp-config|config(?:uration)?|settings|database|local|parameters|credentials?|secrets?|backup|dump|db)\.(?:php[.~\w-]*|ya?ml|json|ini|bak|old|sql|zip|tar|tgz|gz|env|inc|xml|txt)/,
  /\.(?:sql|bak|old|swp|sqlite3?|pem|key|pfx|mdb)(?:\.(?:gz|zip|bz2))?$|\/(?:phpinfo|info|test|i)\.php$/,
  // Consoles of well-known software.
  /\/wp-(?:login|admin|content\/plugins|includes|json\/wp\/v2\/users|cron)|\/xmlrpc\.php|\/administrator\/|\/typo3\//,
  /\/(?:php-?my-?admin|pma|myadmin|mysqladmin|dbadmin|adminer[\w.-]*)\b/,
  /\/(?:manager\/(?:html|text)|host-manager|jmx-console|web-console|invoker\/|solr\b|jenkins|script$|axis2)/,
  /\/(?:actuator|env$|heapdump|jolokia|trace$|druid\/|nacos\/|swagger|api-docs|v2\/_catalog|console\b|debug\/)/,
  /\/(?:owa\/|ecp\/|autodiscover|aspnet_client|rpc\/|powershell|remote\/(?:login|fgt_lang)|dana-na|vpns?\/|\+cscoe\+|global-protect|sslvpn|api\/v2\/cmdb)/,
  /\/(?:_layouts|_vti_bin|_ignition|telescope|horizon\/|laravel|storage\/logs|vendor\/|phpunit|eval-stdin)/,
  // Routers, cameras and other small things.
  /\/(?:boaform|gponform|hnap1|cgi-bin\/|goform\/|setup\.cgi|apply\.cgi|currentsetting\.htm|tmui\/|mgmt\/|menu\/|upnp|picsdesc|wanipcn|ctrlt\/|soap\.cgi|getcfg|device\.rsp|shell\b|onvif|isapi\/|nice%20ports|nmaplowercheck)/,
  /\/(?:evox\/|sdk$|nice ports|hudson|server-(?:status|info)|\.well-known\/security|robots\.txt\.bak|xampp|webdav|_search|_cat\/|api\/jsonws|struts|showcase)/,
  // Shells that others left behind, or that somebody hopes for.
  /\/(?:shell|cmd|c99|r57|wso|alfa|b374k|webshell|backdoor|up(?:load)?er?|fm|mini|x|0|ws[ho]\w*)\.(?:php\d?|phtml|jspx?|aspx?|cgi)$/,
];

/** Of the whole target, percent signs decoded, in lower case. */
const ANYWHERE: readonly RegExp[] = [
  /\$\{(?:jndi|env|sys|lower|upper|::|\$)|%\{[^}]*(?:ognl|java|#)|\$\{[^}]*(?:java|runtime|script)/,
  /(?:\bunion[\s+(*/]+(?:all[\s+(*/]+)?select\b|\bselect[\s+(*/][^]{0,60}[\s+)*/]from[\s+(*/]|'\s*(?:or|and)\s*'?\d|sleep\(|benchmark\(|waitfor\s+delay|information_schema|xp_cmdshell|\bextractvalue\()/,
  /<script|javascript:|onerror\s*=|<\?php|<%=/,
  /(?:php|data|expect|phar|zip|file|gopher|dict):\/\/|allow_url_include|auto_prepend_file|call_user_func|invokefunction|think\\app/,
  /[;|`&]\s*(?:wget|curl|tftp|busybox|nc|bash|sh|chmod|rm|cat|id|uname|ping|echo|cd)\b|\$\((?:id|curl|wget|cat)|\/bin\/(?:ba|da|z)?sh|cmd\.exe|powershell/,
  /\(\)\s*\{\s*:;\s*\}/,
  /\.\.[/\\]|%00/,
  /redirect:|class\.module\.classloader|memberaccess|xwork|@java\.lang|actionmapping|wsdl_proxy/,
];

/** Headers in which the same is tried. */
const IN_HEADERS =
  /\$\{(?:jndi|::|lower|upper|env)|\(\)\s*\{\s*:;|%\{[^}]*(?:ognl|#)|\.\.\/\.\.\//i;

/**
 * Whether a request is known from attacks.
 * @param target octets as sent.
 * @param headers values, octets.
 */
export function isAttack(target: string, headers: readonly (readonly [string, string])[]): boolean {
  if (target === "/" || target === "/favicon.ico" || target === "/robots.txt") {
    return hasBadHeader(headers);
  }
  // Twice: what is encoded once too often is meant to pass a filter.
  const text = decode(decode(target.slice(0, 4096))).toLowerCase();
  const query = text.indexOf("?");
  const path = query < 0 ? text : text.slice(0, query);
  return PATHS.some((pattern) => pattern.test(path)) ||
    ANYWHERE.some((pattern) => pattern.test(text)) || hasBadHeader(headers);
}

function hasBadHeader(headers: readonly (readonly [string, string])[]): boolean {
  return headers.some(([, value]) => /[${(.]/.test(value) && IN_HEADERS.test(value.slice(0, 4096)));
}

function decode(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(
    /%([0-9A-Fa-f]{2})/g,
    (_, hex: string) => String.fromCharCode(parseInt(hex, 16)),
  );
}
