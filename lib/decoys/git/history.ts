/**
 * What a repository holds and how that came to be: a small collection of playbooks for one server,
 * kept by two people. All of it is made up; who, when and where is drawn from the sensor's seed.
 * @module
 */
import type { Signature } from "./objects.ts";

/** One commit: what it changes. */
export interface Change {
  readonly author: Signature;
  readonly message: string;
  /** Contents by path; executable where the path begins with `scripts/`. */
  readonly files: Readonly<Record<string, Uint8Array | string>>;
}

/** A history, oldest change first. */
export interface History {
  readonly changes: readonly Change[];
  /** The annotated tag, and which of the changes it names. */
  readonly tag: {
    readonly name: string;
    readonly message: string;
    readonly tagger: Signature;
    readonly index: number;
  };
}

/** A file that stands for a lure. */
export interface PlantedFile {
  readonly path: string;
  readonly content: Uint8Array;
}

const PEOPLE = [
  ["Lena Brandt", "lena.brandt"],
  ["Tomas Novak", "tomas.novak"],
  ["Priya Raman", "priya.raman"],
  ["Marc Delacroix", "marc.delacroix"],
  ["Ingrid Solberg", "ingrid.solberg"],
  ["Daniel Okafor", "daniel.okafor"],
  ["Sofia Marin", "sofia.marin"],
  ["Jonas Weber", "jonas.weber"],
] as const;
const DOMAINS = ["corp.internal", "int.internal", "lan.internal", "ops.internal"] as const;
const ZONES = ["+0000", "+0100", "+0200", "-0500", "-0800"] as const;
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
/** The first change is made in the 300 days after this: 2023-09-04. */
const EPOCH_S = 1_693_785_600;

const README = (project: string, hostname: string) =>
  `# ${project}

Playbooks for ${hostname} and what runs on it.

    ansible-playbook -i inventory/hosts.ini site.yml --diff --check

Ask before running anything with \`--limit production\`.
`;

const INVENTORY = (hostname: string) =>
  `[web]
${hostname} ansible_user=deploy

[db]
${hostname}-db ansible_user=deploy

[production:children]
web
db
`;

const SITE = `---
- hosts: web
  become: true
  roles:
    - nginx

- hosts: db
  become: true
  roles:
    - backup
`;

const NGINX_TASKS = `---
- name: Install nginx
  ansible.builtin.apt:
    name: nginx
    state: present

- name: Install site
  ansible.builtin.template:
    src: site.conf.j2
    dest: /etc/nginx/sites-available/portal.conf
    mode: "0644"
  notify: reload nginx
`;

const NGINX_SITE = `server {
    listen 80;
    server_name {{ inventory_hostname }};

    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header Host $host;
    }
}
`;

const NGINX_SITE_TLS = `server {
    listen 80;
    server_name {{ inventory_hostname }};
    return 301 https://$host$request_uri;
}

server {
    listen 443 ssl;
    server_name {{ inventory_hostname }};
    ssl_certificate /etc/ssl/certs/portal.pem;
    ssl_certificate_key /etc/ssl/private/portal.key;

    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto https;
    }
}
`;

const BACKUP = (days: number) =>
  `#!/bin/sh
# Dumps the portal's database. Run from cron as postgres.
set -eu
dir=/var/backups/portal
pg_dump -Fc portal >"$dir/portal-$(date +%F).dump"
find "$dir" -name 'portal-*.dump' -mtime +${days} -delete
`;

const BACKUP_TASKS = `---
- name: Install backup script
  ansible.builtin.copy:
    src: "{{ playbook_dir }}/scripts/backup.sh"
    dest: /usr/local/sbin/portal-backup
    mode: "0755"

- name: Run it every night
  ansible.builtin.cron:
    name: portal-backup
    user: postgres
    hour: "2"
    minute: "15"
    job: /usr/local/sbin/portal-backup
`;

/**
 * Makes a history.
 * @param project name of the repository, without `.git`.
 * @param seed 32 bytes that are the repository's own.
 * @param options the host that it is about, and files that are to be in it besides.
 */
export function makeHistory(
  project: string,
  seed: Uint8Array,
  { hostname, planted }: { hostname: string; planted: readonly PlantedFile[] },
): History {
  const pick = <T>(list: readonly T[], at: number): T => list[seed[at]! % list.length]!;
  const first = seed[0]! % PEOPLE.length;
  const second = (first + 1 + seed[1]! % (PEOPLE.length - 1)) % PEOPLE.length;
  const domain = pick(DOMAINS, 2);
  const zone = pick(ZONES, 3);
  let time = EPOCH_S + (seed[4]! * 300 >> 8) * DAY_S;
  const sign = (person: number): Signature => {
    const [name, user] = PEOPLE[person]!;
    return { name, email: `${user}@${domain}`, time, zone };
  };
  const steps: [message: string, files: Change["files"]][] = [
    ["Initial commit", {
      "README.md": README(project, hostname),
      ".gitignore": "*.retry\n.vault_pass\n",
    }],
    ["Add inventory and playbook", {
      "inventory/hosts.ini": INVENTORY(hostname),
      "site.yml": SITE,
    }],
    ["nginx: add role", {
      "roles/nginx/tasks/main.yml": NGINX_TASKS,
      "roles/nginx/templates/site.conf.j2": NGINX_SITE,
    }],
    ["backup: dump the database every night", {
      "scripts/backup.sh": BACKUP(30),
      "roles/backup/tasks/main.yml": BACKUP_TASKS,
    }],
    ["nginx: redirect to https", { "roles/nginx/templates/site.conf.j2": NGINX_SITE_TLS }],
    ...planted.map(({ path, content }): [string, Change["files"]] => [
      `Add ${path.slice(path.lastIndexOf("/") + 1)}`,
      { [path]: content },
    ]),
    ["backup: keep 14 days", { "scripts/backup.sh": BACKUP(14) }],
  ];
  const changes = steps.map(([message, files], i): Change => {
    const [days, minutes, who] = [seed[5 + i % 27]!, seed[(6 + i) % 32]!, seed[(7 + i) % 32]!];
    // On another working day, within eight hours.
    time += (1 + days % 20) * DAY_S;
    while ([0, 6].includes(new Date(time * 1000).getUTCDay())) time += DAY_S;
    time = time - time % DAY_S + 9 * HOUR_S + (minutes * 256 + (who ^ days)) % (8 * HOUR_S);
    return { author: sign(i === 0 || who % 3 > 0 ? first : second), message, files };
  });
  const index = 4;
  const { time: taggedAt } = changes[index]!.author;
  return {
    changes,
    tag: {
      name: "v1.0",
      message: `${project} 1.0`,
      tagger: { ...changes[index]!.author, time: taggedAt + 190 + seed[31]! },
      index,
    },
  };
}
