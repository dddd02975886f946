/**
 * What lures say unless the config says otherwise. All of it is made up.
 * @module
 */
import type { LureKind } from "./kinds.ts";

/** The text of a kind of lure. */
export interface LureTemplate {
  readonly place: string;
  readonly mediaType: string;
  readonly username: string;
  /** One, or those of an archive; with {{username}}, {{password}}, {{hostname}}. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly isArchive?: boolean;
  /** When an archive's files seem to have been written, in ms since 1970. */
  readonly modifiedMs: number;
}

const MODIFIED_MS = Date.UTC(2026, 4, 18, 2, 15, 4);

const ENV = `APP_NAME=Portal
APP_ENV=production
APP_DEBUG=false
APP_URL=https://{{hostname}}

LOG_CHANNEL=daily
LOG_LEVEL=warning

DB_CONNECTION=mysql
DB_HOST={{hostname}}
DB_PORT=3306
DB_DATABASE=portal
DB_USERNAME={{username}}
DB_PASSWORD={{password}}

CACHE_DRIVER=redis
QUEUE_CONNECTION=redis
SESSION_DRIVER=redis
SESSION_LIFETIME=120

REDIS_HOST={{hostname}}
REDIS_PASSWORD={{password}}
REDIS_PORT=6379

MAIL_MAILER=smtp
MAIL_HOST={{hostname}}
MAIL_PORT=587
MAIL_USERNAME={{username}}
MAIL_PASSWORD={{password}}
`;

const GIT_CONFIG = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[remote "origin"]
\turl = https://{{username}}:{{password}}@{{hostname}}/git/portal.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch "main"]
\tremote = origin
\tmerge = refs/heads/main
`;

const SQL = `-- MariaDB dump 10.19  Distrib 10.11.11-MariaDB, for debian-linux-gnu (x86_64)
-- Host: {{hostname}}    Database: portal
SET NAMES utf8mb4;
DROP TABLE IF EXISTS \`services\`;
CREATE TABLE \`services\` (
  \`id\` int(11) NOT NULL AUTO_INCREMENT,
  \`name\` varchar(64) NOT NULL,
  \`login\` varchar(64) NOT NULL,
  \`secret\` varchar(128) NOT NULL,
  PRIMARY KEY (\`id\`)
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=utf8mb4;
INSERT INTO \`services\` VALUES
(1,'ssh','{{username}}','{{password}}'),
(2,'ftp','{{username}}','{{password}}'),
(3,'imap','{{username}}@{{hostname}}','{{password}}');
`;

const STATUS = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head>
<title>Apache Status</title>
</head><body>
<h1>Apache Server Status for {{hostname}}</h1>
<table border="0"><tr><th>Srv</th><th>PID</th><th>Acc</th><th>M</th><th>Client</th><th>VHost</th><th>Request</th></tr>
<tr><td><b>0-0</b></td><td>811</td><td>0/41/1377</td><td>_</td><td>127.0.0.1</td><td>{{hostname}}:80</td><td>GET /cron/sync?user={{username}}&amp;key={{password}} HTTP/1.1</td></tr>
<tr><td><b>1-0</b></td><td>812</td><td>0/38/1290</td><td><b>W</b></td><td>127.0.0.1</td><td>{{hostname}}:80</td><td>GET /server-status HTTP/1.1</td></tr>
</table>
</body></html>
`;

const JSON_CONFIG =
  `{"host":"{{hostname}}","database":"portal","user":"{{username}}","password":"{{password}}"}`;

const VARIABLES = `---
# For all hosts. TODO: move what is secret into the vault.
portal_url: https://{{hostname}}
portal_db_host: {{hostname}}
portal_db_name: portal
portal_db_user: {{username}}
portal_db_password: {{password}}

ansible_user: {{username}}
ansible_password: {{password}}
`;

const http = (place: string, mediaType: string, username: string, text: string): LureTemplate => ({
  place,
  mediaType,
  username,
  files: [{ name: place, text }],
  modifiedMs: MODIFIED_MS,
});

/** The template of each kind. */
export const TEMPLATES: Readonly<Record<LureKind, LureTemplate>> = {
  "env": http("/.env", "application/octet-stream", "portal_app", ENV),
  "git-config": http("/.git/config", "application/octet-stream", "deploy", GIT_CONFIG),
  "server-status": http("/server-status", "text/html; charset=ISO-8859-1", "sync", STATUS),
  "file": http("/config.json", "application/json", "portal_ro", JSON_CONFIG),
  "backup": {
    place: "/backup.zip",
    mediaType: "application/zip",
    username: "backup",
    files: [
      { name: "backup/.env", text: ENV },
      { name: "backup/portal.sql", text: SQL },
    ],
    isArchive: true,
    modifiedMs: MODIFIED_MS,
  },
  "redis-key": http("config:database", "application/json", "portal_cache", JSON_CONFIG),
  "memcached-key": http("portal_config", "application/json", "portal_mc", JSON_CONFIG),
  "mqtt-topic": http("gateway/config", "application/json", "gateway", JSON_CONFIG),
  "git-file": http("group_vars/all.yml", "text/plain", "deploy", VARIABLES),
};
